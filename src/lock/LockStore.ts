import { randomBytes } from 'node:crypto';
import { casDisabled, connectionLost } from '../client/model/errors';
import { toExpirySeconds } from '../client/model/expiry';
import type { Commands } from '../client/Commands';
import type { MemcachedServer } from '../client/server/MemcachedServer';
import type { OrphanedLocks, FoundLock } from './OrphanedLocks';
import { isUnanswered } from './errors';
import { Timestamp } from './LeaseDeadline';

/** memcached's clock may take two seconds from what is asked for: see `toExpirySeconds`. */
const EXTRA_SECONDS = 2;
/** How often a request is made while connections break under it. */
const MAX_TRIES = 5;
const PINNED = { pinned: true };

/** A lock as it lies in the server. */
export interface StoredLock {
    readonly token: string;
    readonly cas: bigint;
    /** In which the CAS was answered. */
    readonly epoch: number;
    /** Before the request that stored it was sent. */
    readonly since: Timestamp;
    /** A request to store it was not answered, and may yet be carried out. */
    readonly isUnsettled: boolean;
}

/** Drawn with the first token: copies of a process image that has loaded this module differ. */
let instance: string | null = null;
let tokens = 0;

/**
 * A new one for every ADD, unlike any other in the world. Found in the server it says that this very request was carried out, and that
 * nobody else has held the lock since.
 */
function newToken(): string {
    instance ??= randomBytes(12).toString('base64url');
    return `${instance}-${(++tokens).toString(36)}`;
}

/**
 * Sends the requests: one round trip each, and another one that asks for the token when a reply was
 * lost, or when the CAS is of another epoch. A call takes at most two `request_timeout`s while
 * connections stand, and at most 3.5 when they break.
 */
export class LockStore {
    constructor(
        private readonly connection: { readonly commands: Commands },
        private readonly abandoned: OrphanedLocks,
    ) {}

    /** null: somebody else has it. */
    async take(key: string, ttlMs: number): Promise<StoredLock | null> {
        const { commands } = this.connection;
        const unanswered = new Map<string, Timestamp>();
        const tries = new RetryBudget(commands, key);
        try {
            for (;;) {
                const since = new Timestamp();
                const token = newToken();
                let cas: bigint | null = null;
                const home = commands.cluster.homeServer(key);
                try {
                    cas = await commands.casAdd(key, token, storing(ttlMs));
                } catch (error) {
                    tries.onError(error);
                    unanswered.set(token, since);
                }
                if (cas === 0n) await this.refuse(commands, home, key);
                if (cas !== null) return storedLock(token, cas, home, since);
                if (unanswered.size === 0) {
                    if (this.abandoned.has(key) && (await this.abandoned.deleteNow(key))) continue;
                    return null;
                }
                // "Exists" after a lost reply may speak of what the lost request has stored.
                const found = await this.read(commands, key, tries);
                const foundSince = found === null ? undefined : unanswered.get(found.token);
                if (found !== null && foundSince !== undefined) {
                    unanswered.delete(found.token);
                    if (found.cas === 0n) await this.refuse(commands, found.home, key);
                    return storedLock(found.token, found.cas, found.home, foundSince);
                }
                // An earlier call may have left it, and then it has no holder.
                if (found !== null && !(await this.abandoned.deleteFound(key, found))) return null;
                tries.spend();
            }
        } finally {
            for (const token of unanswered.keys()) this.abandoned.add(key, token, ttlMs);
        }
    }

    /** null: it is gone, or somebody else's. */
    async extend(key: string, lock: StoredLock, ttlMs: number): Promise<StoredLock | null> {
        const { commands } = this.connection;
        const { token } = lock;
        let { cas, epoch, isUnsettled } = lock;
        for (const tries = new RetryBudget(commands, key); ; tries.spend()) {
            const since = new Timestamp();
            let isLost = false;
            const home = commands.cluster.homeServer(key);
            try {
                const reply = await commands.casSet(key, token, cas, { ...storing(ttlMs), epoch });
                if (reply.outcome === 'stored') {
                    return storedLock(token, reply.cas, home, since);
                }
                if (reply.outcome === 'missing') return null;
            } catch (error) {
                tries.onError(error);
                isLost = true;
            }
            const found = await this.read(commands, key, tries);
            if (found?.token !== token) return null;
            if (found.cas === 0n) throw casDisabled(found.home.address);
            const isNew = found.cas !== cas;
            ({ cas } = found);
            ({ epoch } = found.home);
            // Nobody but us stores this token, so this one request has.
            if (isLost && isNew && !isUnsettled) return { token, cas, epoch, since, isUnsettled };
            isUnsettled ||= isLost;
        }
    }

    /** false: it was gone, or somebody else's, and nothing was deleted. */
    async release(key: string, lock: StoredLock): Promise<boolean> {
        const { commands } = this.connection;
        let { cas, epoch } = lock;
        let isUnanswered = false;
        for (const tries = new RetryBudget(commands, key); ; tries.spend()) {
            try {
                const outcome = await commands.casDelete(key, cas, { pinned: true, epoch });
                if (outcome === 'deleted') return true;
                if (outcome === 'missing') return isUnanswered;
            } catch (error) {
                tries.onError(error);
                isUnanswered = true;
            }
            const found = await this.read(commands, key, tries);
            if (found?.token !== lock.token) return isUnanswered;
            if (found.cas === 0n) throw casDisabled(found.home.address);
            ({ cas } = found);
            ({ epoch } = found.home);
        }
    }

    /** Without a CAS the lock could not be released by its holder alone. */
    private async refuse(commands: Commands, home: MemcachedServer, key: string): Promise<never> {
        // This deletes whatever is there, so now or never: it has just been put there by us.
        // There, and not where the key lives since then.
        if (commands.cluster.server(key) === home) await commands.delete(key).catch(() => {});
        throw casDisabled(home.address);
    }

    /** Who has the lock, and with which CAS. The servers may change while a request is under way: a CAS is of the epoch of who was asked. */
    private async read(commands: Commands, key: string, tries: RetryBudget): Promise<FoundLock | null> {
        const home = commands.cluster.homeServer(key);
        const { value, cas } = await commands.gets(key, PINNED).catch((error: Error) => {
            throw tries.lastError ?? error;
        });
        return value === null ? null : { token: value.toString(), cas, home };
    }
}

/** The server that was asked has it: its epoch, and not that of the key's home since then. */
function storedLock(token: string, cas: bigint, { epoch }: MemcachedServer, since: Timestamp): StoredLock {
    return { token, cas, epoch, since, isUnsettled: false };
}

function storing(ttlMs: number): { expires: number; pinned: true } {
    return { expires: toExpirySeconds(ttlMs, EXTRA_SECONDS), pinned: true };
}

/** How often, and how long, a request is made again. */
class RetryBudget {
    lastError: Error | null = null;
    private made = 1;
    private readonly address: string;
    private readonly endMs: number;

    constructor(commands: Commands, key: string) {
        const { address, requestTimeoutMs } = commands.cluster.homeServer(key);
        this.address = address;
        // One that was not answered in time is made once more when the server answers the question after it.
        this.endMs = performance.now() + 1.5 * requestTimeoutMs;
    }

    /** @throws the error itself, unless it leaves open what has become of the request */
    onError(error: unknown): void {
        if (!isUnanswered(error)) throw error;
        this.lastError = error as Error;
    }

    /** @throws the last fault when it has been tried often enough */
    spend(): void {
        if (++this.made > MAX_TRIES || performance.now() > this.endMs) {
            throw this.lastError ?? connectionLost(this.address, null);
        }
    }
}
