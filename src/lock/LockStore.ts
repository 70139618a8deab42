import { randomBytes } from 'node:crypto';
import { casDisabled, connectionLost } from '../client/model/errors';
import { toExpirySeconds } from '../client/model/expiry';
import { OVERWRITTEN_CAS } from '../client/model/Item';
import type { Commands } from '../client/Commands';
import type { MemcachedServer } from '../client/server/MemcachedServer';
import type { Placement } from '../client/cluster/Cluster';
import type { StoreOptions } from '../client/model/CallOptions';
import type { MemcachedOptions } from '../connect/MemcachedOptions';
import { isUnanswered } from './errors';
import { Timestamp } from './LeaseDeadline';
import { findLock, type FoundLock, type OrphanedLocks } from './OrphanedLocks';

/** The seconds that memcached's clock may take off an expiry. See `toExpirySeconds`. */
const EXTRA_SECONDS = 2;
const MAX_TRIES = 5;

/** A lock in a server, as the client knows it. */
export interface StoredLock {
    readonly token: string;
    readonly cas: bigint;
    /** The epoch in which the server has returned the CAS. */
    readonly epoch: number;
    /** A moment before the request that has stored the lock. */
    readonly since: Timestamp;
    /** Whether the server may still carry out an unanswered request to store the lock. */
    readonly isUnsettled: boolean;
}

interface LockConnection {
    readonly commands: Commands;
    readonly options: Pick<MemcachedOptions, 'allowProxy'>;
}

/** The random part of tokens. The first token sets it, because a process image may have copies. */
let instance: string | null = null;
let tokens = 0;

function newToken(): string {
    instance ??= randomBytes(12).toString('base64url');
    return `${instance}-${(++tokens).toString(36)}`;
}

/**
 * The protocol of the lock. While replies arrive, each operation is one request.
 *
 * 1. A lock is an item whose value is a token. Each ADD has a new token that no other request has.
 *    A token in the server proves that the server carried out the ADD of that token. It also proves
 *    that the lock has had no other holder since.
 * 2. Acquiring is an ADD, which the server carries out only if the key is free. The CAS of its
 *    reply is the fencing token. A server increments the CAS with each item that it stores, until
 *    it restarts.
 * 3. Extending is a REPLACE and releasing is a DELETE, both with the CAS of the last reply. The
 *    server rejects them if another request has stored the item since.
 * 4. A CAS is valid in one epoch of a server, which ends with its connections. A restarted server
 *    may give the same CAS to another holder. The client never sends a CAS of an old epoch. It
 *    reads the token back instead.
 * 5. When a reply is lost, the client reads the token back, for the outcome and for the CAS. If the
 *    read-back fails too, the operation rejects. After an ADD or a DELETE, `OrphanedLocks` then
 *    looks for the token until its ttl is over.
 * 6. The holder relies on its lock for 99 % of the ttl, by two clocks (`LeaseDeadline`). That time
 *    begins before the client sends the request. The server keeps the lock for at least the whole
 *    ttl from the request on.
 *
 * 7. A CAS and an epoch say nothing about the processes behind a proxy. There, storing a lock
 *    fails, unless `options.allow_proxy` permits it.
 *
 * An operation takes at most 2 `request_timeout`s. It takes at most 3.5 when connections break, and
 * at most 4.5 when an earlier request for the key has failed as well (`RetryBudget`).
 */
export class LockStore {
    constructor(
        private readonly connection: LockConnection,
        private readonly orphans: OrphanedLocks,
    ) {}

    /** Acquires the lock. Returns null if it is held. */
    async acquire(key: string, ttlMs: number): Promise<StoredLock | null> {
        const { commands } = this.connection;
        const unanswered = new Map<string, Timestamp>();
        const budget = new RetryBudget(commands, key);
        try {
            for (;;) {
                const since = new Timestamp();
                const token = newToken();
                let cas: bigint | null = null;
                const server = commands.cluster.homeServer(key);
                try {
                    cas = await commands.casAdd(key, token, this.storeOptions(ttlMs));
                } catch (error) {
                    budget.onError(error);
                    unanswered.set(token, since);
                }
                if (cas === 0n) await this.rejectWithoutCas(commands, server, key);
                // Another client has deleted or replaced the lock.
                if (cas === OVERWRITTEN_CAS) return null;
                if (cas !== null) return storedLock(token, cas, server, since);
                if (unanswered.size === 0) {
                    if ((await this.orphans.deleteNow(key)) && budget.trySpend()) continue;
                    return null;
                }
                // The key may exist because the server has carried out an ADD whose reply is lost.
                const found = await readBack(commands, key, budget);
                const foundSince = found === null ? undefined : unanswered.get(found.token);
                if (found !== null && foundSince !== undefined) {
                    unanswered.delete(found.token);
                    if (found.cas === 0n) await this.rejectWithoutCas(commands, found.server, key);
                    return storedLock(found.token, found.cas, found.server, foundSince);
                }
                // An orphan of an earlier call has no holder.
                if (found !== null && !(await this.orphans.deleteFound(key, found))) return null;
                budget.spend();
            }
        } finally {
            for (const token of unanswered.keys()) this.orphans.add(key, token, ttlMs);
        }
    }

    /**
     * Extends the lock. Returns null if it is gone or has another holder.
     * @param isRenewal whether the component extends it, not the holder
     */
    async extend(key: string, lock: StoredLock, ttlMs: number, isRenewal: boolean): Promise<StoredLock | null> {
        const { commands } = this.connection;
        const sender = isRenewal ? commands.internal : commands;
        const { token } = lock;
        let { cas, epoch, isUnsettled } = lock;
        for (const budget = new RetryBudget(commands, key); ; budget.spend()) {
            const since = new Timestamp();
            let isReplyLost = false;
            const server = commands.cluster.homeServer(key);
            try {
                const reply = await sender.casSet(key, token, cas, { ...this.storeOptions(ttlMs), epoch });
                if (reply.outcome === 'missing' || reply.cas === OVERWRITTEN_CAS) return null;
                if (reply.outcome === 'stored') return storedLock(token, reply.cas, server, since);
            } catch (error) {
                budget.onError(error);
                isReplyLost = true;
            }
            const found = await readBack(commands, key, budget);
            if (found?.token !== token) return null;
            if (found.cas === 0n) throw casDisabled(found.server.address);
            const isNewCas = found.cas !== cas;
            ({ cas } = found);
            ({ epoch } = found.server);
            // Only this lease stores this token. If no earlier request is unsettled, the server has
            // carried out this one.
            if (isReplyLost && isNewCas && !isUnsettled) return { token, cas, epoch, since, isUnsettled };
            isUnsettled ||= isReplyLost;
        }
    }

    /** Releases the lock. Returns false, and deletes nothing, if this lock is gone. */
    async release(key: string, lock: StoredLock, ttlMs: number): Promise<boolean> {
        let { cas, epoch } = lock;
        let isReplyLost = false;
        try {
            const { commands } = this.connection;
            for (const budget = new RetryBudget(commands, key); ; budget.spend()) {
                try {
                    const outcome = await commands.casDelete(key, cas, { pinned: true, epoch });
                    if (outcome === 'deleted') return true;
                    if (outcome === 'missing') return isReplyLost;
                } catch (error) {
                    budget.onError(error);
                    isReplyLost = true;
                }
                const found = await readBack(commands, key, budget);
                if (found?.token !== lock.token) return isReplyLost;
                if (found.cas === 0n) throw casDisabled(found.server.address);
                ({ cas } = found);
                ({ epoch } = found.server);
            }
        } catch (error) {
            this.orphans.add(key, lock.token, ttlMs);
            throw error;
        }
    }

    private storeOptions(ttlMs: number): StoreOptions & Placement {
        const isDirect = !this.connection.options.allowProxy;
        return { expires: toExpirySeconds(ttlMs, EXTRA_SECONDS), pinned: true, isDirect };
    }

    /** Deletes a lock that its holder cannot release safely, and throws. */
    private async rejectWithoutCas(commands: Commands, server: MemcachedServer, key: string): Promise<never> {
        // Without a CAS, DELETE deletes the lock of any holder. It is safe only at once, and only
        // on the server that has the lock.
        if (commands.cluster.server(key) === server) await commands.internal.delete(key).catch(() => {});
        throw casDisabled(server.address);
    }
}

/** Reads the lock. If the read fails, throws the error that has made it necessary. */
function readBack(commands: Commands, key: string, budget: RetryBudget): Promise<FoundLock | null> {
    return findLock(commands, key).catch((error: unknown) => {
        throw budget.lastError ?? error;
    });
}

function storedLock(token: string, cas: bigint, { epoch }: MemcachedServer, since: Timestamp): StoredLock {
    return { token, cas, epoch, since, isUnsettled: false };
}

/** The limits of one operation, by its number of tries and by time. */
class RetryBudget {
    lastError: Error | null = null;
    private tries = 1;
    private readonly address: string;
    private readonly endMs: number;

    constructor(commands: Commands, key: string) {
        const { address, requestTimeoutMs } = commands.cluster.homeServer(key);
        this.address = address;
        // After a timeout, the client repeats the request once if the server answers the read-back.
        this.endMs = performance.now() + 1.5 * requestTimeoutMs;
    }

    /** Records the error, or throws it if the outcome of the request is known. */
    onError(error: unknown): void {
        if (!isUnanswered(error)) throw error;
        this.lastError = error as Error;
    }

    /** Counts a further try. Throws the last error when no try is left. */
    spend(): void {
        if (!this.trySpend()) throw this.lastError ?? connectionLost(this.address, null);
    }

    /** Counts a further try. Returns false when no try is left. */
    trySpend(): boolean {
        return ++this.tries <= MAX_TRIES && performance.now() <= this.endMs;
    }
}
