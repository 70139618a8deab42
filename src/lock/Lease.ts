import type { AnyContext } from '../component/ComponentLogger';
import type { Session } from '../component/Session';
import { withTraceId } from '../component/withTraceId';
import { Mutex } from '../util/KeyedMutex';
import { LeaseDeadline, Timestamp } from './LeaseDeadline';
import type { LockMetrics } from './LockMetrics';
import type { LockStore, StoredLock } from './LockStore';

/** The parts of a lock component that its leases use. */
export interface LeaseOwner {
    readonly session: Session;
    readonly store: Pick<LockStore, 'extend' | 'release'>;
    readonly metrics: Pick<LockMetrics, 'count' | 'onLost' | 'onReleaseFailed'>;
    toTtl(ttl: number | null | undefined): number;
}

/**
 * One acquisition of a lock. Only its holder can extend and release the lock. With `await using`,
 * the end of the block releases it.
 *
 * @example
 * const lease = await lock.acquireLease(context, 'invoice-17', 10_000, 5_000);
 * try {
 *     await store.write(invoice, { fencingToken: lease.fencingToken });
 * } finally {
 *     await lease.release();
 * }
 */
export class Lease {
    /** A string that is unique among all acquisitions of all keys and processes. */
    readonly token: string;
    /**
     * A number larger than those of all earlier acquisitions of this key, until the server
     * restarts. A holder may not know yet that it has lost the lock. A resource that rejects
     * smaller numbers is safe from such a holder.
     */
    readonly fencingToken: bigint;
    /** @internal Runs when an extension of the holder shortens the lease. */
    onShortened: () => void = () => {};
    private deadline: LeaseDeadline;
    /** The latest deadline that the server may apply. A request may fail only in the client. */
    private latest: LeaseDeadline;
    private state: 'held' | 'lost' | 'releasing' | 'released' = 'held';
    private hasReleaseFailed = false;
    /** A mutex for the requests, because each request changes the CAS that the next one needs. */
    private readonly mutex = new Mutex();

    /** @internal `MemcachedLock` creates leases. */
    constructor(
        private readonly owner: LeaseOwner,
        private readonly context: AnyContext,
        /** The key of the lock, without the prefix. */
        readonly key: string,
        private readonly fullKey: string,
        private lock: StoredLock,
        private ttlMs: number,
    ) {
        this.token = lock.token;
        this.fencingToken = lock.cas;
        this.deadline = this.latest = new LeaseDeadline(lock.since, ttlMs);
    }

    /** Returns whether the lock is held. It returns false early rather than late. */
    isHeld(): boolean {
        return this.remaining() > 0;
    }

    /** Returns how long `isHeld` stays true without an extension, in ms. 0 = `isHeld` is false. */
    remaining(): number {
        return this.state === 'held' ? this.deadline.remainingMs : 0;
    }

    /** Returns the ttl of the acquisition or of the last extension, in ms. */
    get ttl(): number {
        return this.ttlMs;
    }

    /** Returns whether the server can no longer have this lock. */
    get isFinished(): boolean {
        return this.state === 'released' || this.state === 'lost' || this.latest.isLongOver;
    }

    /** Returns whether the holder has called `release`. */
    get isReleased(): boolean {
        return this.state === 'releasing' || this.state === 'released';
    }

    /**
     * Extends the lock, for `ttl` ms from now on. Returns false if the lock is lost or released.
     * When it rejects, the outcome is unknown, and `isHeld` stays correct.
     * @param ttl absent or 0 = the last ttl
     */
    extend(ttl?: number | null): Promise<boolean> {
        return this.inTurn(() => this.extendNow(ttl, false));
    }

    /** @internal Extends the lock by at least `ttlMs`, for `LeaseRenewal`. */
    renew(ttlMs: number): Promise<boolean> {
        // The holder may have extended the lease by more. An earlier extension may be in flight.
        return this.inTurn(() => this.extendNow(Math.max(ttlMs, this.remaining()), true));
    }

    /**
     * Releases the lock if it is still held. When `release` rejects, the lock may stay until its
     * ttl is over. The caller may retry, and the component retries in the background.
     */
    release(): Promise<void> {
        if (this.state === 'held') this.state = 'releasing';
        return this.inTurn(() => this.releaseNow());
    }

    /** Releases the lock. Never rejects, because its error would hide the error of the block. */
    async [Symbol.asyncDispose](): Promise<void> {
        // The owner has counted and logged the error.
        await this.release().catch(() => {});
    }

    private async extendNow(ttl: number | null | undefined, isRenewal: boolean): Promise<boolean> {
        const ttlMs = ttl === undefined || ttl === null || ttl === 0 ? this.ttlMs : this.owner.toTtl(ttl);
        if (this.state !== 'held') return false;
        // The server may apply the ttl although the client loses the reply.
        const since = new Timestamp();
        const requested = new LeaseDeadline(since, ttlMs);
        this.latest = new LeaseDeadline(since, Math.max(ttlMs, this.latest.ttlMs));
        if (requested.endsBefore(this.deadline)) {
            this.deadline = requested;
            if (!isRenewal) this.onShortened();
        }
        try {
            const lock = await this.owner.store.extend(this.fullKey, this.lock, ttlMs, isRenewal);
            if (lock === null) {
                this.markLost();
                return false;
            }
            this.owner.metrics.count('extended');
            this.lock = lock;
            this.ttlMs = ttlMs;
            this.deadline = this.latest = new LeaseDeadline(lock.since, ttlMs);
            return !this.isReleased;
        } catch (error) {
            this.lock = { ...this.lock, isUnsettled: true };
            throw withTraceId(error, this.context);
        }
    }

    private async releaseNow(): Promise<void> {
        if (this.state !== 'releasing') return;
        try {
            const wasHeld = await this.owner.store.release(this.fullKey, this.lock, this.latest.ttlMs);
            if (wasHeld) this.owner.metrics.count('released');
            // The server may have carried out an earlier release that has failed in the client.
            if (wasHeld || this.hasReleaseFailed) this.state = 'released';
            else this.markLost();
        } catch (error) {
            const exception = withTraceId(error, this.context);
            this.hasReleaseFailed = true;
            this.owner.metrics.onReleaseFailed(this.context, this.key, exception);
            throw exception;
        }
    }

    private markLost(): void {
        this.state = this.state === 'held' ? 'lost' : 'released';
        this.owner.metrics.onLost(this.context, this.key);
    }

    /** Runs the calls of a lease one at a time. `close` waits until they have left the session. */
    private async inTurn<T>(work: () => Promise<T>): Promise<T> {
        const { session } = this.owner;
        session.enter();
        try {
            return await this.mutex.run(work);
        } finally {
            session.leave();
        }
    }
}
