import type { Commands } from '../client/Commands';
import type { MemcachedServer } from '../client/server/MemcachedServer';
import { backoffMs } from '../util/backoff';
import { copyText } from '../util/copyText';

const BACKOFF = { firstMs: 250, maxMs: 10_000, jitter: 0 };
const MAX_KEYS = 1000;
const MAX_TOKENS_PER_KEY = 20;
/** The margin for a request in flight and for the extra seconds of the server. */
const GRACE_MS = 5000;

/** A lock that a read has found in a server. */
export interface FoundLock {
    readonly token: string;
    readonly cas: bigint;
    readonly server: MemcachedServer;
}

/**
 * Reads the lock under the key. The key may move to another server during the request. The CAS
 * belongs to the server of the answer.
 */
export async function findLock(commands: Commands, key: string): Promise<FoundLock | null> {
    const server = commands.cluster.homeServer(key);
    const { value, cas } = await commands.internal.gets(key, { pinned: true });
    return value === null ? null : { token: value.toString(), cas, server };
}

interface Orphan {
    readonly key: string;
    readonly tokens: Set<string>;
    /** The time when the ttl is over and the server has removed the lock. */
    endMs: number;
    checks: number;
    timer: NodeJS.Timeout | null;
}

/**
 * Locks that this instance may have left in the server without a holder. A release may fail,
 * or the server may carry out an ADD after its caller has got an error. The component looks for
 * their tokens and deletes them. A miss proves nothing, because a stalled connection may deliver
 * the ADD later. The search therefore lasts for the whole ttl, after which the server removes the
 * lock.
 */
export class OrphanedLocks {
    private readonly orphans = new Map<string, Orphan>();

    constructor(
        private readonly connection: { readonly commands: Commands },
        private readonly onDeleted: () => void,
    ) {}

    get size(): number {
        return this.orphans.size;
    }

    /** Looks for the token until its ttl is over. Above the limits, forgets the oldest orphan. */
    add(key: string, token: string, ttlMs: number): void {
        const orphan = this.orphans.get(key) ?? this.newOrphan(key);
        orphan.tokens.add(token);
        if (orphan.tokens.size > MAX_TOKENS_PER_KEY) orphan.tokens.delete(first(orphan.tokens));
        orphan.endMs = Math.max(orphan.endMs, performance.now() + ttlMs + GRACE_MS);
        orphan.checks = 0;
        this.schedule(orphan);
    }

    /** Searches the key for an orphan and deletes it. Returns whether the key may be free now. */
    async deleteNow(key: string): Promise<boolean> {
        const orphan = this.orphans.get(key);
        return orphan !== undefined && (await this.search(orphan));
    }

    /** Deletes the found lock if it is an orphan. Returns whether the key may be free now. */
    async deleteFound(key: string, found: FoundLock): Promise<boolean> {
        const orphan = this.orphans.get(key);
        return orphan !== undefined && (await this.delete(orphan, found));
    }

    /** Looks for all orphans once more, and forgets them. */
    async flush(): Promise<void> {
        const orphans = [...this.orphans.values()];
        for (const orphan of orphans) this.forget(orphan);
        await Promise.allSettled(orphans.map(orphan => this.search(orphan)));
    }

    private newOrphan(key: string): Orphan {
        if (this.orphans.size >= MAX_KEYS) this.forget(first(this.orphans.values()));
        const orphan: Orphan = { key: copyText(key), tokens: new Set(), endMs: 0, checks: 0, timer: null };
        this.orphans.set(orphan.key, orphan);
        return orphan;
    }

    private forget(orphan: Orphan): void {
        if (orphan.timer !== null) clearTimeout(orphan.timer);
        orphan.timer = null;
        if (this.orphans.get(orphan.key) === orphan) this.orphans.delete(orphan.key);
    }

    private schedule(orphan: Orphan): void {
        if (orphan.timer !== null) clearTimeout(orphan.timer);
        orphan.timer = setTimeout(() => void this.check(orphan), backoffMs(orphan.checks, BACKOFF)).unref();
    }

    private async check(orphan: Orphan): Promise<void> {
        orphan.timer = null;
        orphan.checks++;
        await this.search(orphan).catch((error: { code?: string }) => {
            // `flush` has searched once more before the connection closed.
            if (error.code === 'NOT_OPENED') this.forget(orphan);
        });
        // Either a new token has restarted the search, or the component has forgotten the orphan.
        if (this.orphans.get(orphan.key) !== orphan || orphan.timer !== null) return;
        if (orphan.tokens.size === 0 || performance.now() > orphan.endMs) this.forget(orphan);
        else this.schedule(orphan);
    }

    private async search(orphan: Orphan): Promise<boolean> {
        const found = await findLock(this.connection.commands, orphan.key);
        return found === null || this.delete(orphan, found);
    }

    private async delete({ key, tokens }: Orphan, { token, cas, server }: FoundLock): Promise<boolean> {
        if (!tokens.has(token) || cas === 0n) return false;
        const options = { pinned: true, epoch: server.epoch };
        const outcome = await this.connection.commands.internal.casDelete(key, cas, options);
        if (outcome === 'changed' || outcome === 'stale') return false;
        tokens.delete(token);
        // Another search of this instance may have deleted it.
        if (outcome === 'deleted') this.onDeleted();
        return true;
    }
}

function first<T>(values: Iterable<T>): T {
    const [value] = values;
    return value as T;
}
