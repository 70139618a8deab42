import { ownText } from '../client/ownText';

interface Entry {
    readonly key: string;
    older: Entry;
    newer: Entry;
}

/**
 * The keys that a cache has stored, in the order of their last store, and never more than a limit. Storing a key again moves two pointers: the map is written only
 * when a key comes or goes.
 */
export class StoredKeys {
    private readonly entries = new Map<string, Entry>();
    evictions = 0;
    /** A ring: its `newer` is the oldest entry, its `older` the newest. */
    private readonly end: Entry;

    constructor(private readonly limit: number) {
        const end = { key: '' } as Entry;
        end.older = end.newer = end;
        this.end = end;
    }

    get size(): number {
        return this.entries.size;
    }

    /** The answer is the key that had to go for it: the one stored longest ago. */
    add(key: string): string | null {
        let entry = this.entries.get(key);
        if (entry === undefined) this.entries.set((entry = newEntry(key)).key, entry);
        else unlink(entry);
        const { end } = this;
        entry.older = end.older;
        entry.newer = end;
        end.older.newer = entry;
        end.older = entry;
        if (this.entries.size <= this.limit) return null;
        const oldest = end.newer.key;
        this.remove(oldest);
        this.evictions++;
        return oldest;
    }

    /** Whether it was there. */
    remove(key: string): boolean {
        const entry = this.entries.get(key);
        if (entry === undefined) return false;
        this.entries.delete(key);
        unlink(entry);
        return true;
    }
}

function newEntry(key: string): Entry {
    return { key: ownText(key) } as Entry;
}

function unlink(entry: Entry): void {
    entry.older.newer = entry.newer;
    entry.newer.older = entry.older;
}
