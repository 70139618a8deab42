import type { AnyContext } from '../component/ComponentLogger';
import type { Session } from '../component/Session';
import { withTraceId } from '../component/withTraceId';
import type { StoredLock } from './LockStore';
import { Timestamp, LeaseDeadline } from './LeaseDeadline';

/** What a lease asks of the component that gave it. */
export interface LeaseOwner {
    /** `close` does not cut off what is inside. */
    session(): Session;
    /** The ttl in ms that an argument stands for. */
    toTtl(ttl: number | null | undefined): number;
    extend(fullKey: string, lock: StoredLock, ttlMs: number): Promise<StoredLock | null>;
    /** false: it was not ours any more. */
    release(fullKey: string, lock: StoredLock): Promise<boolean>;
    onLost(lease: Lease, context: AnyContext): void;
    onUnreleased(lease: Lease, context: AnyContext, fullKey: string, remainingMs: number, error: Error): void;
}

/**
 * One acquisition of a lock, which only its holder can extend and release. With `await using` it is released at the end of the block.
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
    /** Unlike that of any other acquisition, of any key, anywhere. */
    readonly token: string;
    /**
     * Larger than those of all earlier acquisitions of this key, until the server is restarted. A resource that remembers the largest one it has seen, and
     * refuses smaller ones, is safe from holders that do not know yet that they have lost the lock.
     */
    readonly fencingToken: bigint;
    private validity: LeaseDeadline;
    private state: 'held' | 'lost' | 'releasing' | 'released' = 'held';
    private hasReleaseFailed = false;
    /** The request that is under way: they go one after another, because each changes the CAS. */
    private pending: Promise<unknown> | null = null;

    /** @internal Leases are given by `MemcachedLock`. */
    constructor(
        private readonly owner: LeaseOwner,
        private readonly context: AnyContext,
        readonly key: string,
        private readonly fullKey: string,
        private lock: StoredLock,
        private ttlMs: number,
    ) {
        this.token = lock.token;
        this.fencingToken = lock.cas;
        this.validity = new LeaseDeadline(lock.since, ttlMs);
    }

    /** Whether nobody else can hold the lock now, as far as this process knows: false a little too early rather than too late. */
    isHeld(): boolean {
        return this.remaining() > 0;
    }

    /** ms for which `isHeld` stays true if nothing is done; 0 when it is false. */
    remaining(): number {
        return this.state === 'held' ? this.validity.remainingMs : 0;
    }

    /** ms for which it was last acquired or extended. */
    get ttl(): number {
        return this.ttlMs;
    }

    /** It was released, or found to be lost, or ran out so long ago that the server does not have it either. */
    get isFinished(): boolean {
        return this.state === 'released' || this.state === 'lost' || this.validity.isLongOver;
    }

    /** `release` was called. */
    get isReleased(): boolean {
        return this.state === 'releasing' || this.state === 'released';
    }

    /**
     * From now on for `ttl` ms; absent or 0: for the last ttl again. false: the lock is lost, or was released. When it rejects nobody knows; what
     * `isHeld` says stays right.
     */
    extend(ttl?: number | null): Promise<boolean> {
        return this.inTurn(() => this.extendNow(ttl));
    }

    /**
     * Lets others in. What is not held any more is left alone, without an error. When it rejects the lock may be held until its ttl is over; it can be
     * called again, and the component tries again too.
     */
    release(): Promise<void> {
        if (this.state === 'held') this.state = 'releasing';
        return this.inTurn(() => this.releaseNow());
    }

    /** `release` that never rejects: at the end of a block it would hide what happened there. */
    async [Symbol.asyncDispose](): Promise<void> {
        // It has been counted and logged.
        await this.release().catch(() => {});
    }

    private async extendNow(ttl: number | null | undefined): Promise<boolean> {
        const ttlMs = ttl === undefined || ttl === null || ttl === 0 ? this.ttlMs : this.owner.toTtl(ttl);
        if (this.state !== 'held') return false;
        // Carried out without an answer, a shorter ttl counts all the same.
        const asked = new LeaseDeadline(new Timestamp(), ttlMs);
        if (asked.endsBefore(this.validity)) this.validity = asked;
        try {
            const lock = await this.owner.extend(this.fullKey, this.lock, ttlMs);
            if (lock === null) {
                this.markLost();
                return false;
            }
            this.lock = lock;
            this.ttlMs = ttlMs;
            this.validity = new LeaseDeadline(lock.since, ttlMs);
            return !this.isReleased;
        } catch (error) {
            this.lock = { ...this.lock, isUnsettled: true };
            throw withTraceId(error, this.context);
        }
    }

    private async releaseNow(): Promise<void> {
        if (this.state !== 'releasing') return;
        try {
            const wasOurs = await this.owner.release(this.fullKey, this.lock);
            // The release that failed before may have been carried out since.
            if (wasOurs || this.hasReleaseFailed) this.state = 'released';
            else this.markLost();
        } catch (error) {
            const exception = withTraceId(error, this.context);
            this.hasReleaseFailed = true;
            this.owner.onUnreleased(this, this.context, this.fullKey, this.ttlMs, exception);
            throw exception;
        }
    }

    private markLost(): void {
        this.state = this.state === 'held' ? 'lost' : 'released';
        this.owner.onLost(this, this.context);
    }

    private async inTurn<T>(work: () => Promise<T>): Promise<T> {
        const session = this.owner.session();
        session.enter();
        try {
            while (this.pending !== null) await this.pending.catch(() => {});
            const turn = work();
            this.pending = turn;
            return await turn;
        } finally {
            this.pending = null;
            session.leave();
        }
    }
}
