import type {
    ConfigParams,
    IConfigurable,
    IOpenable,
    IReferenceable,
    IReferences,
    IUnreferenceable,
} from 'pip-services4-components-node';
import { Lock } from 'pip-services4-logic-node';
import { notOpened } from '../client/model/errors';
import type { ServerHealthReport } from '../client/server/HealthCheck';
import { copyText } from '../util/copyText';
import { isTraced, lockTracing, trace, type LockTrace } from '../diagnostics/tracing';
import type { AnyContext } from '../component/ComponentLogger';
import { ComponentConnection } from '../connect/ComponentConnection';
import { line } from '../component/logLines';
import type { ConnectionStats } from '../connect/MemcachedConnection';
import { Session } from '../component/Session';
import { withTraceId } from '../component/withTraceId';
import { OrphanedLocks } from './OrphanedLocks';
import {
    invalidLockOption,
    invalidLockTimeout,
    invalidLockTtl,
    invalidWork,
    isLockTimeout,
    lockLost,
    lockTimeout,
} from './errors';
import { HeldLocks } from './HeldLocks';
import { Lease, type LeaseOwner } from './Lease';
import { LockMetrics, type LockCounts } from './LockMetrics';
import { LockStore } from './LockStore';
import { LeaseRenewal } from './LeaseRenewal';

/** How to wait for a lock. */
export interface AcquireOptions {
    /** Ends the waiting; the rejection is its reason. */
    readonly signal?: AbortSignal | undefined;
}

/** How long to hold a lock at a time, and how long to wait for it. */
export interface WithLockOptions extends AcquireOptions {
    /** ms; it is renewed at a third of it. Absent: `options.timeout`. */
    readonly ttl?: number | undefined;
    /** ms to wait for the lock. Absent: as long as the ttl. */
    readonly timeout?: number | undefined;
}

export interface LockStats extends LockCounts, ConnectionStats {}

/** Expiries are 32 bits of seconds since 1970. */
const LAST_EXPIRY_MS = 0xffffffff * 1000;

/**
 * A lock that the instances of a service share, with an owner: only who has acquired it can extend and release it. See docs/locks.md for what it
 * guarantees, what it cannot, and how memcached is to be run for it.
 *
 * A ttl is in ms; absent, null and 0 mean `options.timeout`. The lock lives at least that long unless it is released, and up to three seconds longer.
 * A lock that somebody else holds is an answer; everything else that goes wrong is an exception.
 *
 * ### Configuration parameters ###
 *
 * - `connection(s)`, `credential(s)`: see {@link MemcachedConnectionResolver}; without a connection of its own it uses a referenced one
 * - `options.*`: see the README; `options.retry_timeout`: mean pause in ms between attempts, `options.timeout`: the default ttl
 *
 * ### References ###
 *
 * - `*:connection:memcached:*:1.0`, `*:discovery:*:*:*`, `*:credential-store:*:*:*`, `*:logger:*:*:1.0`, `*:counters:*:*:1.0`: all optional
 *
 * @example
 * const lock = new MemcachedLock();
 * lock.configure(ConfigParams.fromTuples('connection.host', 'localhost', 'options.prefix', 'my-service:lock:'));
 * await lock.open(null);
 * await lock.withLock(null, 'invoice-17', { ttl: 10_000, timeout: 5_000 }, async (signal, lease) => {
 *     await charge(invoice, { signal, fencingToken: lease.fencingToken });
 * });
 * await lock.close(null);
 */
export class MemcachedLock extends Lock implements IConfigurable, IReferenceable, IUnreferenceable, IOpenable {
    private readonly user: ComponentConnection = new ComponentConnection(() => this.endSession());
    private readonly events = new LockMetrics(this.user.log, this.user.counters);
    private readonly abandoned = new OrphanedLocks(this.user, () => this.events.count('orphansDeleted'));
    private readonly store = new LockStore(this.user, this.abandoned);
    private readonly holdings = new HeldLocks();
    private session = new Session();
    /** The last `close`. */
    private closed: Promise<void> = Promise.resolve();
    private hasWarned = false;
    private readonly owner: LeaseOwner = {
        session: () => this.session,
        toTtl: ttl => this.toTtl(ttl),
        extend: async (key, lock, ttlMs) => {
            const extended = await this.store.extend(key, lock, ttlMs);
            if (extended !== null) this.events.count('extended');
            return extended;
        },
        release: async (key, lock) => {
            const wasOurs = await this.store.release(key, lock);
            if (wasOurs) this.events.count('released');
            return wasOurs;
        },
        onLost: (lease, context) => this.events.onLost(context, lease.key),
        onUnreleased: (lease, context, key, ttlMs, error) => {
            this.abandoned.add(key, lease.token, ttlMs);
            this.events.onReleaseFailed(context, lease.key, error);
        },
    };

    /** @throws ConfigException INVALID_OPTION */
    override configure(config: ConfigParams): void {
        super.configure(config);
        this.user.configure(config);
    }

    /** Where it finds the shared connection, discovery, credentials and loggers. */
    setReferences(references: IReferences): void {
        this.user.setReferences(references);
    }

    /** Forgets the loggers and what else it was given. */
    unsetReferences(): void {
        this.user.unsetReferences();
    }

    /** Whether it has a connection that is open. */
    isOpen(): boolean {
        return !this.session.isOver && this.user.isOpen();
    }

    /**
     * @throws ConfigException NO_CONNECTION, INVALID_CONNECTION, NO_CREDENTIAL
     * @throws ConnectionException CONNECT_FAILED when no server answers, unless `options.fail_soft` is set
     */
    async open(context: AnyContext): Promise<void> {
        if (this.session.isOver) this.session = new Session();
        await this.closed;
        await this.user.open(context);
        if (!this.user.followsDiscovery || this.hasWarned) return;
        this.hasWarned = true;
        this.user.log.warn(context, line('discoveryForLocks'));
    }

    /**
     * Rejects callers that wait for a lock with NOT_OPENED, waits for requests in flight, gives back
     * the locks that they acquire, and then closes the connection. Leases that callers hold stay
     * held until their ttl is over: their holders may be at work.
     */
    close(context: AnyContext): Promise<void> {
        const ended = this.endSession();
        this.hasWarned = false;
        this.closed = this.closed.then(() => ended).then(() => this.user.close(context));
        return this.closed;
    }

    /** What has happened so far. */
    get counts(): LockCounts {
        return { ...this.events.counts };
    }

    /** What has happened so far, and what is known of each server; it costs nobody a request. */
    getStats(): LockStats {
        return Object.freeze({ ...this.events.counts, ...this.user.getStats() });
    }

    /**
     * Asks every server how it is, within one `request_timeout` after connecting. One that is away is told of, not rejected. For locks, `casEnabled` has to be true, and
     * `evictions` 0: a server that evicts may evict a lock.
     * @throws InvalidStateException NOT_OPENED
     */
    checkHealth(context: AnyContext): Promise<readonly ServerHealthReport[]> {
        return this.user.checkHealth(context);
    }

    /** One attempt: false when somebody holds the lock, be it another task of this process. */
    override async tryAcquireLock(context: AnyContext, key: string, ttl?: number | null): Promise<boolean> {
        return this.hold(await this.tryAcquireLease(context, toKeep(key), ttl));
    }

    /**
     * Waits for the lock, at most `timeout` ms (absent: as long as the ttl).
     * @throws ConflictException LOCK_TIMEOUT
     */
    override async acquireLock(
        context: AnyContext,
        key: string,
        ttl?: number | null,
        timeout?: number | null,
        options?: AcquireOptions | null,
    ): Promise<void> {
        this.hold(await this.acquireLease(context, toKeep(key), ttl, timeout, options));
    }

    /** Releases what `tryAcquireLock` or `acquireLock` of this instance acquired last under this key. What is not ours is left alone, without an error. */
    override async releaseLock(_context: AnyContext, key: string): Promise<void> {
        const lease = this.holdings.get(key);
        if (lease === undefined) return;
        await lease.release();
        this.holdings.remove(lease);
    }

    /**
     * From now on for `ttl` ms: what `tryAcquireLock` or `acquireLock` of this instance acquired last under this key. false: it is not held any more.
     * @param ttl absent: the last one again
     */
    async extendLock(_context: AnyContext, key: string, ttl?: number | null): Promise<boolean> {
        const lease = this.holdings.get(key);
        if (lease === undefined) return false;
        const isExtended = await lease.extend(ttl);
        if (!isExtended) this.holdings.remove(lease);
        return isExtended;
    }

    /** One attempt: null when somebody holds the lock. */
    tryAcquireLease(context: AnyContext, key: string, ttl?: number | null): Promise<Lease | null> {
        if (!isTraced(lockTracing)) return this.tryOnce(context, key, ttl);
        return traceAcquire('tryAcquire', key, () => this.tryOnce(context, key, ttl));
    }

    /**
     * Waits for the lock, at most `timeout` ms (absent: as long as the ttl).
     * @throws ConflictException LOCK_TIMEOUT; the reason of `options.signal` when that aborts
     * @throws BadRequestException INVALID_LOCK_OPTION, INVALID_TTL, INVALID_KEY
     */
    acquireLease(
        context: AnyContext,
        key: string,
        ttl?: number | null,
        timeout?: number | null,
        options?: AcquireOptions | null,
    ): Promise<Lease> {
        if (!isTraced(lockTracing)) return this.waitFor(context, key, ttl, timeout, options);
        return traceAcquire('acquire', key, () => this.waitFor(context, key, ttl, timeout, options));
    }

    /**
     * Works under the lock, which is renewed meanwhile and released afterwards, and passes on what `work` answers or throws. The signal that `work` is given aborts
     * with LOCK_LOST when the lock was lost or could not be renewed in time, and with the caller's signal.
     * @throws ConflictException LOCK_TIMEOUT when the lock was not free in time; `work` is not begun then
     * @throws BadRequestException INVALID_FUNCTION, INVALID_LOCK_OPTION, INVALID_TTL, INVALID_KEY
     */
    async withLock<T>(
        context: AnyContext,
        key: string,
        options: WithLockOptions | null | undefined,
        work: (signal: AbortSignal, lease: Lease) => Promise<T> | T,
    ): Promise<T> {
        if (typeof work !== 'function') throw withTraceId(invalidWork(work), context);
        const { session } = this;
        const lost = (): Error => withTraceId(lockLost(key), context);
        let lease: Lease;
        session.enter();
        try {
            lease = await this.acquireLease(context, key, options?.ttl, options?.timeout, options);
            if (session.isOver || !lease.isHeld()) {
                await lease[Symbol.asyncDispose]();
                throw session.isOver ? withTraceId(notOpened(), context) : lost();
            }
        } finally {
            session.leave();
        }
        // No await since the session was checked: after `close` no work begins.
        const renewal = new LeaseRenewal(lease, lost, options?.signal);
        try {
            return await work(renewal.signal, lease);
        } finally {
            // The component may have been closed and opened again while `work` ran.
            const ending = this.session;
            ending.enter();
            await renewal.stop();
            await lease[Symbol.asyncDispose]();
            ending.leave();
        }
    }

    /** Before the connection closes: a shared one may be closed by its owner first. */
    private async endSession(): Promise<void> {
        await this.session.end();
        await this.abandoned.flush();
    }

    private async tryOnce(context: AnyContext, key: string, ttl: number | null | undefined): Promise<Lease | null> {
        const { session } = this;
        session.enter();
        try {
            const fullKey = this.user.fullKey(key);
            return await this.take(session, context, key, fullKey, this.toTtl(ttl), performance.now());
        } catch (error) {
            this.events.count('failed');
            throw withTraceId(error, context);
        } finally {
            session.leave();
        }
    }

    private async waitFor(
        context: AnyContext,
        key: string,
        ttl: number | null | undefined,
        timeout: number | null | undefined,
        options: AcquireOptions | null | undefined,
    ): Promise<Lease> {
        const { session } = this;
        let signal: AbortSignal | undefined;
        session.enter();
        try {
            signal = toSignal(options);
            const ttlMs = this.toTtl(ttl);
            return await this.poll(session, context, key, ttlMs, toTimeout(timeout ?? ttlMs), signal);
        } catch (error) {
            if (isReasonOf(signal, error)) throw error;
            this.events.count(isLockTimeout(error) ? 'timedOut' : 'failed');
            throw withTraceId(error, context);
        } finally {
            session.leave();
        }
    }

    private async poll(
        session: Session,
        context: AnyContext,
        key: string,
        ttlMs: number,
        timeoutMs: number,
        signal: AbortSignal | undefined,
    ): Promise<Lease> {
        signal?.throwIfAborted();
        const fullKey = this.user.fullKey(key);
        const begunMs = performance.now();
        for (;;) {
            const lease = await this.take(session, context, key, fullKey, ttlMs, begunMs, signal);
            if (lease !== null) return lease;
            const leftMs = begunMs + timeoutMs - performance.now();
            if (leftMs <= 0) throw lockTimeout(key, timeoutMs);
            // Whoever waits for the same lock should not come at the same time; the last attempt is at the deadline.
            const pauseMs = this.user.options.retryTimeout * (0.5 + Math.random());
            await session.pause(Math.min(pauseMs, leftMs), signal);
            signal?.throwIfAborted();
        }
    }

    /** One attempt. Gives back the lock when the session or the caller's wait ended meanwhile. */
    private async take(
        session: Session,
        context: AnyContext,
        key: string,
        fullKey: string,
        ttlMs: number,
        begunMs: number,
        signal?: AbortSignal,
    ): Promise<Lease | null> {
        session.check();
        const stored = await this.store.take(fullKey, ttlMs);
        const lease = stored && new Lease(this.owner, context, key, fullKey, stored, ttlMs);
        if (lease === null) this.events.count('busy');
        else this.events.onAcquired(performance.now() - begunMs);
        if (session.isOver || signal?.aborted) await lease?.[Symbol.asyncDispose]();
        session.check();
        signal?.throwIfAborted();
        return lease;
    }

    private hold(lease: Lease | null): boolean {
        if (lease === null) return false;
        this.holdings.add(lease);
        return true;
    }

    private toTtl(ttl: number | null | undefined): number {
        const { timeout, maxExpiration } = this.user.options;
        // A default is the operator's; shortening it is what `max_expiration` says.
        if (ttl === null || ttl === undefined || ttl === 0) return Math.min(timeout, maxExpiration);
        const maxMs = Math.min(maxExpiration, LAST_EXPIRY_MS - Date.now());
        if (typeof ttl !== 'number' || !(ttl > 0 && ttl <= maxMs)) throw invalidLockTtl(ttl, maxMs);
        return ttl;
    }
}

function toTimeout(timeout: number): number {
    if (typeof timeout === 'number' && !Number.isNaN(timeout)) return timeout;
    throw invalidLockTimeout(timeout);
}

function toSignal(options: AcquireOptions | null | undefined): AbortSignal | undefined {
    if (options === null || options === undefined) return undefined;
    if (typeof options !== 'object') throw invalidLockOption('options', 'an object');
    const signal = options.signal as AbortSignal | null | undefined;
    if (signal === null || signal === undefined) return undefined;
    // Not instanceof: the signal may come from another realm.
    if (typeof signal.throwIfAborted !== 'function') throw invalidLockOption('signal', 'an AbortSignal');
    return signal;
}

function isReasonOf(signal: AbortSignal | undefined, error: unknown): boolean {
    return signal !== undefined && signal.aborted && error === signal.reason;
}

function traceAcquire<L extends Lease | null>(
    operation: LockTrace['operation'],
    key: string,
    acquire: () => Promise<L>,
): Promise<L> {
    return trace<LockTrace, L>(lockTracing, { operation, key }, acquire, lease =>
        lease === null ? 'busy' : 'acquired',
    );
}

/** The key of a lease that this component remembers. One that is not a text is rejected later. */
function toKeep(key: string): string {
    return typeof key === 'string' ? copyText(key) : key;
}
