import type {
    ConfigParams,
    IConfigurable,
    IOpenable,
    IReferenceable,
    IReferences,
    IUnreferenceable,
} from 'pip-services4-components-node';
import { Lock } from 'pip-services4-logic-node';
import type { ServerHealthReport } from '../client/server/ServerHealthReport';
import { lockBehindProxy } from '../client/model/errors';
import type { AnyContext } from '../component/ComponentLogger';
import { line } from '../component/logLines';
import { ComponentConnection } from '../connect/ComponentConnection';
import type { ConnectionStats } from '../connect/MemcachedConnection';
import { copyText } from '../util/copyText';
import { HeldLocks } from './HeldLocks';
import type { Lease } from './Lease';
import { withTraceId } from '../component/withTraceId';
import { LeaseAcquirer } from './LeaseAcquirer';
import { LockMetrics, type LockCounts } from './LockMetrics';
import type { AcquireOptions, WithLockOptions } from './LockOptions';
import { withLock } from './withLock';

/** A snapshot of the counts of a lock component and of its servers. */
export interface LockStats extends LockCounts, ConnectionStats {}

/**
 * A lock that the instances of a service share. Only the holder can extend or release it. See
 * docs/locks.md for its guarantees and limits, and `LockStore` for its protocol.
 *
 * A ttl is in ms. If it is absent, null or 0, `options.timeout` applies. The server keeps a lock up
 * to three seconds longer. A held lock is a result. Every other failure is an exception.
 *
 * ### Configuration parameters ###
 *
 * - `connection(s)`, `credential(s)`: see {@link MemcachedConnectionResolver}; a referenced
 *   connection when absent
 * - `options.timeout`: the default ttl
 * - `options.retry_timeout`: the longest mean pause between attempts
 * - `options.*`: see docs/configuration.md
 *
 * ### References ###
 *
 * - `*:connection:memcached:*:1.0`, `*:discovery:*:*:*`, `*:credential-store:*:*:*`,
 *   `*:logger:*:*:1.0`, `*:counters:*:*:1.0`: all optional
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
    private readonly connection: ComponentConnection = new ComponentConnection(() => this.leases.endSession());
    private readonly metrics = new LockMetrics(this.connection.log, this.connection.counters);
    private readonly leases: LeaseAcquirer = new LeaseAcquirer(this.connection, this.metrics);
    private readonly heldLocks = new HeldLocks();
    private closed: Promise<void> = Promise.resolve();
    private hasWarned = false;

    /**
     * Reads the options and the connection.
     * @throws ConfigException INVALID_OPTION
     */
    override configure(config: ConfigParams): void {
        super.configure(config);
        this.connection.configure(config);
    }

    /** Sets the references that the class comment lists. */
    setReferences(references: IReferences): void {
        this.connection.setReferences(references);
    }

    /** Drops all references. */
    unsetReferences(): void {
        this.connection.unsetReferences();
    }

    /** Returns whether the component has an open connection. */
    isOpen(): boolean {
        return !this.leases.session.isOver && this.connection.isOpen();
    }

    /**
     * Opens a connection, as `MemcachedConnection.open` does, or uses the referenced one.
     * @throws InvalidStateException NOT_OPENED when the referenced connection is not open
     * @throws InvocationException LOCK_BEHIND_PROXY without `options.allow_proxy`
     */
    async open(context: AnyContext): Promise<void> {
        this.leases.beginSession();
        await this.closed;
        await this.connection.open(context);
        const proxy = this.connection.commands.cluster.servers.find(({ identity }) => identity?.isProxy);
        if (proxy !== undefined && !this.connection.options.allowProxy) {
            await this.close(context);
            throw withTraceId(lockBehindProxy(proxy.address), context);
        }
        if (this.hasWarned) return;
        this.hasWarned = true;
        const { log, followsDiscovery } = this.connection;
        if (followsDiscovery) log.warn(context, line('discoveryForLocks'));
        if (proxy !== undefined) log.warn(context, line('proxyForLocks', proxy.address));
    }

    /**
     * Rejects waiting callers with NOT_OPENED. Waits for requests in flight, and releases the locks
     * that they acquire. Then closes the connection. Leases of callers stay held until their ttl is
     * over, because their holders may be at work.
     */
    close(context: AnyContext): Promise<void> {
        const ended = this.leases.endSession();
        this.hasWarned = false;
        this.closed = this.closed.then(() => ended).then(() => this.connection.close(context));
        return this.closed;
    }

    /** Returns the counts since the creation of the component. */
    get counts(): LockCounts {
        return { ...this.metrics.counts };
    }

    /** Returns the counts of the component and of each server. Sends no request. */
    getStats(): LockStats {
        return Object.freeze({ ...this.metrics.counts, ...this.connection.getStats() });
    }

    /**
     * Asks every server for its health, as `MemcachedConnection.checkHealth` does. Locks need
     * `casEnabled`. They also need `evictions` to be 0, because an evicted lock is lost.
     * @throws InvalidStateException NOT_OPENED
     */
    checkHealth(context: AnyContext): Promise<readonly ServerHealthReport[]> {
        return this.connection.checkHealth(context);
    }

    /** Makes one attempt. Returns false if this or another process holds the lock. */
    override async tryAcquireLock(context: AnyContext, key: string, ttl?: number | null): Promise<boolean> {
        const lease = await this.leases.tryAcquire(context, toOwnKey(key), ttl);
        if (lease !== null) this.heldLocks.add(lease);
        return lease !== null;
    }

    /**
     * Waits for the lock, at most `timeout` ms. Absent = as long as the ttl.
     * @throws ConflictException LOCK_TIMEOUT
     */
    override async acquireLock(
        context: AnyContext,
        key: string,
        ttl?: number | null,
        timeout?: number | null,
        options?: AcquireOptions | null,
    ): Promise<void> {
        this.heldLocks.add(await this.leases.acquire(context, toOwnKey(key), ttl, timeout, options));
    }

    /**
     * Releases the last lock that `tryAcquireLock` or `acquireLock` of this instance acquired under
     * the key, if it is still held.
     */
    override async releaseLock(_context: AnyContext, key: string): Promise<void> {
        const lease = this.heldLocks.get(key);
        if (lease === undefined) return;
        await lease.release();
        this.heldLocks.remove(lease);
    }

    /**
     * Extends the lock that `releaseLock` would release, for `ttl` ms from now on. Absent = the
     * last ttl. Returns false if the lock is no longer held.
     */
    async extendLock(_context: AnyContext, key: string, ttl?: number | null): Promise<boolean> {
        const lease = this.heldLocks.get(key);
        if (lease === undefined) return false;
        const isExtended = await lease.extend(ttl);
        if (!isExtended) this.heldLocks.remove(lease);
        return isExtended;
    }

    /** Makes one attempt. Returns null if the lock is held. */
    tryAcquireLease(context: AnyContext, key: string, ttl?: number | null): Promise<Lease | null> {
        return this.leases.tryAcquire(context, key, ttl);
    }

    /**
     * Waits for the lock, at most `timeout` ms. Absent = as long as the ttl.
     * @throws ConflictException LOCK_TIMEOUT, or the reason of `options.signal` when it aborts
     * @throws BadRequestException INVALID_LOCK_OPTION, INVALID_TTL, INVALID_KEY
     */
    acquireLease(
        context: AnyContext,
        key: string,
        ttl?: number | null,
        timeout?: number | null,
        options?: AcquireOptions | null,
    ): Promise<Lease> {
        return this.leases.acquire(context, key, ttl, timeout, options);
    }

    /**
     * Runs `work` under the lock, and settles as `work` does. Renews the lock meanwhile, and
     * releases it afterwards. The signal of `work` aborts with LOCK_LOST when the lock is lost or
     * no renewal succeeds in time. It also aborts with the caller's signal.
     * @throws ConflictException LOCK_TIMEOUT before `work` begins
     * @throws BadRequestException INVALID_FUNCTION, INVALID_LOCK_OPTION, INVALID_TTL, INVALID_KEY
     */
    withLock<T>(
        context: AnyContext,
        key: string,
        options: WithLockOptions | null | undefined,
        work: (signal: AbortSignal, lease: Lease) => Promise<T> | T,
    ): Promise<T> {
        return withLock(this.leases, context, key, options, work);
    }
}

/** Copies a key that this component keeps. Acquiring rejects a key that is not a string. */
function toOwnKey(key: string): string {
    return typeof key === 'string' ? copyText(key) : key;
}
