import type { Commands } from '../client/Commands';
import type { MemcachedServer } from '../client/server/MemcachedServer';
import { copyText } from '../util/copyText';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const MOST_KEYS = 1000;
const MOST_TOKENS = 20;

/** What a read of a lock has found, and where. */
export interface FoundLock {
    readonly token: string;
    readonly cas: bigint;
    readonly home: MemcachedServer;
}

interface Entry {
    readonly key: string;
    readonly tokens: Set<string>;
    /** When their ttl is over, and the server has removed them. */
    endMs: number;
    pauseMs: number;
    timer: NodeJS.Timeout | null;
}

/**
 * Locks that this instance may have left in the server, with no holder to release them: a release
 * failed, or the server may carry out an ADD after its caller got an error. Looks for their tokens
 * and deletes them. A miss proves nothing, because a stalled connection may deliver the ADD later.
 * So the search lasts for the whole ttl, after which a lock that was left is gone by itself.
 */
export class OrphanedLocks {
    private readonly entries = new Map<string, Entry>();

    constructor(
        private readonly connection: { readonly commands: Commands },
        private readonly onCleaned: () => void,
    ) {}

    get size(): number {
        return this.entries.size;
    }

    has(key: string): boolean {
        return this.entries.has(key);
    }

    add(key: string, token: string, ttlMs: number): void {
        const entry = this.entries.get(key) ?? this.newEntry(key);
        entry.tokens.add(token);
        if (entry.tokens.size > MOST_TOKENS) entry.tokens.delete(first(entry.tokens));
        // A request that is under way now, and the server's seconds.
        entry.endMs = Math.max(entry.endMs, performance.now() + ttlMs + 5000);
        entry.pauseMs = FIRST_PAUSE_MS;
        this.schedule(entry);
    }

    /** Deletes what this instance has left under the key. true: there was something, and it is gone. */
    async deleteNow(key: string): Promise<boolean> {
        const entry = this.entries.get(key);
        return entry !== undefined && (await this.find(entry)) === 'deleted';
    }

    /** Deletes what a read has found under the key, if this instance has left it. true: it is gone. */
    async deleteFound(key: string, found: FoundLock): Promise<boolean> {
        const entry = this.entries.get(key);
        return entry !== undefined && (await this.delete(entry, found));
    }

    /** Looks for everything a last time, and forgets it. */
    async flush(): Promise<void> {
        const entries = [...this.entries.values()];
        for (const entry of entries) this.forget(entry);
        await Promise.allSettled(entries.map(entry => this.find(entry)));
    }

    private newEntry(key: string): Entry {
        if (this.entries.size >= MOST_KEYS) this.forget(this.entries.get(first(this.entries.keys()))!);
        const entry: Entry = {
            key: copyText(key),
            tokens: new Set<string>(),
            endMs: 0,
            pauseMs: FIRST_PAUSE_MS,
            timer: null,
        };
        this.entries.set(entry.key, entry);
        return entry;
    }

    private forget(entry: Entry): void {
        if (entry.timer !== null) clearTimeout(entry.timer);
        entry.timer = null;
        if (this.entries.get(entry.key) === entry) this.entries.delete(entry.key);
    }

    private schedule(entry: Entry): void {
        if (entry.timer !== null) clearTimeout(entry.timer);
        entry.timer = setTimeout(() => void this.check(entry), entry.pauseMs).unref();
    }

    private async check(entry: Entry): Promise<void> {
        entry.timer = null;
        entry.pauseMs = Math.min(entry.pauseMs * 2, LONGEST_PAUSE_MS);
        const outcome = await this.find(entry).catch((error: { code?: string }) => error.code);
        // Closed: there was a last look, and nobody will open it for this.
        if (outcome === 'NOT_OPENED') this.forget(entry);
        if (this.entries.get(entry.key) !== entry || entry.timer !== null) return;
        if (entry.tokens.size === 0 || performance.now() > entry.endMs) this.forget(entry);
        else this.schedule(entry);
    }

    private async find(entry: Entry): Promise<'deleted' | 'missing'> {
        const { commands } = this.connection;
        const home = commands.cluster.homeServer(entry.key);
        const { value, cas } = await commands.gets(entry.key, { pinned: true });
        if (value === null) return 'missing';
        return (await this.delete(entry, { token: value.toString(), cas, home })) ? 'deleted' : 'missing';
    }

    private async delete({ key, tokens }: Entry, { token, cas, home }: FoundLock): Promise<boolean> {
        if (!tokens.has(token) || cas === 0n) return false;
        const { commands } = this.connection;
        const { epoch } = home;
        if ((await commands.casDelete(key, cas, { pinned: true, epoch })) !== 'deleted') return false;
        tokens.delete(token);
        this.onCleaned();
        return true;
    }
}

function first<T>(values: Iterable<T>): T {
    const [value] = values;
    return value as T;
}
