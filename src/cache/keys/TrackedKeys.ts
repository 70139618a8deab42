import { isRelative } from '../../client/model/expiry';
import { copyText } from '../../util/copyText';
import { Receipt, type StoreAccount } from '../../client/model/StoreAccount';

/** V8 stores an integer of 31 bits in the entry itself. */
const NEVER = 2 ** 30 - 1;

class Entry extends Receipt {
    older: Entry = this;
    newer: Entry = this;
    /** The latest time at which the value expires, in whole seconds of `performance.now()`. */
    expiresAt = NEVER;
    isEvicted = false;
}

/**
 * The unexpired values that a cache has stored, in the order of their last store. `evict` limits
 * their number. Storing a key again only moves pointers. Only new and removed keys change the map.
 */
export class TrackedKeys implements StoreAccount {
    private readonly entries = new Map<string, Entry>();
    /** The end of the ring. Its `newer` is the oldest entry, and its `older` is the newest. */
    private readonly end = new Entry('');
    /** The time before which no entry expires. */
    private nextExpiry = NEVER;
    /** The number of values that `evict` has selected since the last reset to 0. */
    evictions = 0;

    /** @param onLate evicts a value whose CAS arrives after `evict` has selected it */
    constructor(
        private readonly limit: number,
        private readonly onLate: (receipt: Receipt) => void,
    ) {}

    get size(): number {
        return this.entries.size;
    }

    add(key: string): Entry {
        let entry = this.entries.get(key);
        if (entry === undefined) this.entries.set((entry = new Entry(copyText(key))).key, entry);
        else unlink(entry);
        const { end } = this;
        entry.older = end.older;
        entry.newer = end;
        end.older.newer = entry;
        end.older = entry;
        return entry;
    }

    get isOver(): boolean {
        return this.entries.size > this.limit;
    }

    evict(nowMs: number): Entry | null {
        if (!this.isOver) return null;
        const now = toSeconds(nowMs);
        if (this.nextExpiry <= now) {
            this.removeExpired(now);
            if (!this.isOver) return null;
        }
        const oldest = this.end.newer;
        this.forget(oldest);
        oldest.isEvicted = true;
        this.evictions++;
        return oldest;
    }

    /** Records a store. A key has one entry. An eviction by an overwritten CAS deletes nothing. */
    stored(entry: Entry, casHigh: number, casLow: number, epoch: number, nowMs: number, expirySeconds: number): void {
        // Without CAS (memcached -C) the cache cannot evict the value.
        if (casHigh === 0 && casLow === 0) return this.forget(entry);
        entry.casHigh = casHigh;
        entry.casLow = casLow;
        entry.epoch = epoch;
        if (entry.isEvicted) this.onLate(entry);
        else this.expire(entry, nowMs, expirySeconds);
    }

    touched(key: string, expirySeconds: number): void {
        const entry = this.entries.get(key);
        if (entry !== undefined) this.expire(entry, performance.now(), expirySeconds);
    }

    /** Drops a key that no longer holds a value of this cache. */
    remove(key: string): void {
        const entry = this.entries.get(key);
        if (entry !== undefined) this.forget(entry);
    }

    removeAll(head: string): void {
        for (const [key, entry] of this.entries) if (key.startsWith(head)) this.forget(entry);
    }

    forget(entry: Entry): void {
        if (this.entries.get(entry.key) !== entry) return;
        this.entries.delete(entry.key);
        unlink(entry);
    }

    private expire(entry: Entry, nowMs: number, expirySeconds: number): void {
        // An absolute time is more than 30 days away.
        const expiresAt = isRelative(expirySeconds) ? toSeconds(nowMs) + 1 + expirySeconds : NEVER;
        entry.expiresAt = expiresAt;
        if (expiresAt < this.nextExpiry) this.nextExpiry = expiresAt;
    }

    /** Removes expired entries, at most once a second, because expiries are whole seconds. */
    private removeExpired(now: number): void {
        let nextExpiry = NEVER;
        for (let entry = this.end.newer; entry !== this.end; entry = entry.newer) {
            if (entry.expiresAt <= now) this.forget(entry);
            else if (entry.expiresAt < nextExpiry) nextExpiry = entry.expiresAt;
        }
        this.nextExpiry = nextExpiry;
    }
}

/** Removes the entry but keeps its own pointers, so that a walk over the ring can continue. */
function unlink(entry: Entry): void {
    entry.older.newer = entry.newer;
    entry.newer.older = entry.older;
}

function toSeconds(ms: number): number {
    return Math.floor(ms / 1000);
}
