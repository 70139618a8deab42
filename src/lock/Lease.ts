import type { AnyContext } from '../component/ComponentLogger';
import type { Session } from '../component/Session';
import { withTraceId } from '../component/withTraceId';
import { Mutex } from '../util/KeyedMutex';
import { LeaseDeadline, Timestamp } from './LeaseDeadline';
import type { LockMetrics } from './LockMetrics';
import type { LockStore, StoredLock } from './LockStore';

/** What a lease needs from its component. */
export interface LeaseOwner {
    readonly session: Session;
    readonly store: Pick<LockStore, 'extend' | 'release'>;
    readonly metrics: Pick<LockMetrics, 'count' | 'onLost' | 'onReleaseFailed'>;
    toTtl(ttl: number | null | undefined): number;
}

/**
 * One acquisition of a lock. Only its holder can extend and release it. With `await using`, the end
 * of the block releases it.
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
    /** Unique among all acquisitions of all keys and processes. */
    readonly token: string;
    /**
     * Larger than that of every earlier acquisition of this key, until the server restarts. A
     * resource that rejects smaller ones is safe from a holder that does not know yet that it has
     * lost the lock.
     */
    readonly fencingToken: bigint;
    private deadline: LeaseDeadline;
    private state: 'held' | 'lost' | 'releasing' | 'released' = 'held';
    private hasReleaseFailed = false;
    /** Each request changes the CAS that the next one needs. */
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
        this.deadline = new LeaseDeadline(lock.since, ttlMs);
    }

    /** Returns whether the lock is held. It turns false early rather than late. */
    isHeld(): boolean {
        return this.remaining() > 0;
    }

    /** Returns for how many ms `isHeld` stays true without an extension. 0 = it is false. */
    remaining(): number {
        return this.state === 'held' ? this.deadline.remainingMs : 0;
    }

    /** The ttl of the acquisition, or of the last extension, in ms. */
    get ttl(): number {
        return this.ttlMs;
    }

    /** The server does not have this lock any more. */
    get isFinished(): boolean {
        return this.state === 'released' || this.state === 'lost' || this.deadline.isLongOver;
    }

    /** `release` was called. */
    get isReleased(): boolean {
        return this.state === 'releasing' || this.state === 'released';
    }

    /**
     * Extends the lock, for `ttl` ms from now on. Returns false when the lock is lost or released.
     * When it rejects, the outcome is unknown, and `isHeld` stays right.
     * @param ttl absent or 0: the last ttl again
     */
    extend(ttl?: number | null): Promise<boolean> {
        return this.inTurn(() => this.extendNow(ttl));
    }

    /**
     * Releases the lock, if it is still held. When it rejects, the lock may stay until its ttl is
     * over. The caller may retry, and the component retries in the background.
     */
    release(): Promise<void> {
        if (this.state === 'held') this.state = 'releasing';
        return this.inTurn(() => this.releaseNow());
    }

    /** Releases the lock, and never rejects: an error would hide the one of the block. */
    async [Symbol.asyncDispose](): Promise<void> {
        // The owner has counted and logged the error.
        await this.release().catch(() => {});
    }

    private async extendNow(ttl: number | null | undefined): Promise<boolean> {
        const ttlMs = ttl === undefined || ttl === null || ttl === 0 ? this.ttlMs : this.owner.toTtl(ttl);
        if (this.state !== 'held') return false;
        // The server may apply a shorter ttl although its reply is lost.
        const requested = new LeaseDeadline(new Timestamp(), ttlMs);
        if (requested.endsBefore(this.deadline)) this.deadline = requested;
        try {
            const lock = await this.owner.store.extend(this.fullKey, this.lock, ttlMs);
            if (lock === null) {
                this.markLost();
                return false;
            }
            this.owner.metrics.count('extended');
            this.lock = lock;
            this.ttlMs = ttlMs;
            this.deadline = new LeaseDeadline(lock.since, ttlMs);
            return !this.isReleased;
        } catch (error) {
            this.lock = { ...this.lock, isUnsettled: true };
            throw withTraceId(error, this.context);
        }
    }

    private async releaseNow(): Promise<void> {
        if (this.state !== 'releasing') return;
        try {
            const wasHeld = await this.owner.store.release(this.fullKey, this.lock, this.ttlMs);
            if (wasHeld) this.owner.metrics.count('released');
            // The server may have carried out a release that failed before.
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

    /** `close` waits for a call until it has left its session. */
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
