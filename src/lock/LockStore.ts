import { randomBytes } from 'node:crypto';
import { casDisabled, connectionLost } from '../client/model/errors';
import { toExpirySeconds } from '../client/model/expiry';
import type { Commands } from '../client/Commands';
import type { MemcachedServer } from '../client/server/MemcachedServer';
import { isUnanswered } from './errors';
import { Timestamp } from './LeaseDeadline';
import { findLock, type FoundLock, type OrphanedLocks } from './OrphanedLocks';

/** memcached's clock may take two seconds off an expiry. See `toExpirySeconds`. */
const EXTRA_SECONDS = 2;
const MAX_TRIES = 5;

/** A lock as the server has it. */
export interface StoredLock {
    readonly token: string;
    readonly cas: bigint;
    /** The epoch of the server when it returned the CAS. */
    readonly epoch: number;
    /** Taken before the request that stored the lock was sent. */
    readonly since: Timestamp;
    /** A request to store it was not answered, and the server may still carry it out. */
    readonly isUnsettled: boolean;
}

/** Drawn with the first token, so that earlier copies of a process image differ. */
let instance: string | null = null;
let tokens = 0;

function newToken(): string {
    instance ??= randomBytes(12).toString('base64url');
    return `${instance}-${(++tokens).toString(36)}`;
}

/**
 * The protocol of the lock. While replies arrive, each operation is one request.
 *
 * 1. A lock is an item whose value is a token. Each ADD has a new token that no other request has,
 *    so its token in the server proves that the server carried out this ADD, and that the lock had
 *    no other holder since.
 * 2. Acquiring is ADD, which the server carries out only if the key is free. The CAS of its reply
 *    is the fencing token: a server counts the CAS up with each item it stores, until it restarts.
 * 3. Extending is REPLACE and releasing is DELETE, both with the CAS of the last reply. The server
 *    rejects them when another request has stored the item since.
 * 4. A CAS is valid in one epoch of a server, which ends with its connections. A server that was
 *    restarted may give the same CAS to another holder. With a CAS of an old epoch, the client
 *    sends nothing, and the token is read back.
 * 5. When a reply is lost, the token is read back, for the outcome and for the CAS. If that fails
 *    too, the operation rejects. After an ADD or a DELETE, `OrphanedLocks` then looks for the token
 *    until its ttl is over.
 * 6. The holder relies on its lock for 99 % of the ttl from before the request was sent, by two
 *    clocks (`LeaseDeadline`). The server keeps it for at least the whole ttl from the request on.
 *
 * An operation takes at most 2 `request_timeout`s while connections stand, and 3.5 when they break.
 */
export class LockStore {
    constructor(
        private readonly connection: { readonly commands: Commands },
        private readonly orphans: OrphanedLocks,
    ) {}

    /** Returns null when the lock is held. */
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
                    cas = await commands.casAdd(key, token, storeOptions(ttlMs));
                } catch (error) {
                    budget.onError(error);
                    unanswered.set(token, since);
                }
                if (cas === 0n) await this.rejectWithoutCas(commands, server, key);
                if (cas !== null) return storedLock(token, cas, server, since);
                if (unanswered.size === 0) {
                    if (this.orphans.has(key) && (await this.orphans.deleteNow(key))) continue;
                    return null;
                }
                // The key may exist because the server has carried out an ADD without a reply.
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

    /** Returns null when the lock is gone, or has another holder. */
    async extend(key: string, lock: StoredLock, ttlMs: number): Promise<StoredLock | null> {
        const { commands } = this.connection;
        const { token } = lock;
        let { cas, epoch, isUnsettled } = lock;
        for (const budget = new RetryBudget(commands, key); ; budget.spend()) {
            const since = new Timestamp();
            let isReplyLost = false;
            const server = commands.cluster.homeServer(key);
            try {
                const reply = await commands.casSet(key, token, cas, { ...storeOptions(ttlMs), epoch });
                if (reply.outcome === 'stored') return storedLock(token, reply.cas, server, since);
                if (reply.outcome === 'missing') return null;
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
            // Only this lease stores this token. With no earlier request unsettled, this one was
            // carried out.
            if (isReplyLost && isNewCas && !isUnsettled) return { token, cas, epoch, since, isUnsettled };
            isUnsettled ||= isReplyLost;
        }
    }

    /** Returns false when the lock was gone, or has another holder. Then nothing was deleted. */
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

    /** Deletes a lock that its holder could not release safely, and throws. */
    private async rejectWithoutCas(commands: Commands, server: MemcachedServer, key: string): Promise<never> {
        // Without a CAS, DELETE takes whatever is there. It is safe only at once, and only on the
        // server that has the lock.
        if (commands.cluster.server(key) === server) await commands.delete(key).catch(() => {});
        throw casDisabled(server.address);
    }
}

/** @throws Error the one that made the read-back necessary, if it fails too */
function readBack(commands: Commands, key: string, budget: RetryBudget): Promise<FoundLock | null> {
    return findLock(commands, key).catch((error: unknown) => {
        throw budget.lastError ?? error;
    });
}

function storedLock(token: string, cas: bigint, { epoch }: MemcachedServer, since: Timestamp): StoredLock {
    return { token, cas, epoch, since, isUnsettled: false };
}

function storeOptions(ttlMs: number): { expires: number; pinned: true } {
    return { expires: toExpirySeconds(ttlMs, EXTRA_SECONDS), pinned: true };
}

/** Limits the tries of one operation, by their number and by time. */
class RetryBudget {
    lastError: Error | null = null;
    private tries = 1;
    private readonly address: string;
    private readonly endMs: number;

    constructor(commands: Commands, key: string) {
        const { address, requestTimeoutMs } = commands.cluster.homeServer(key);
        this.address = address;
        // After a timeout, the request is repeated once if the server answers the read-back.
        this.endMs = performance.now() + 1.5 * requestTimeoutMs;
    }

    /** @throws Error the error itself, unless it leaves the outcome of the request unknown */
    onError(error: unknown): void {
        if (!isUnanswered(error)) throw error;
        this.lastError = error as Error;
    }

    /** @throws Error the last one, when no further try is left */
    spend(): void {
        if (++this.tries > MAX_TRIES || performance.now() > this.endMs) {
            throw this.lastError ?? connectionLost(this.address, null);
        }
    }
}
