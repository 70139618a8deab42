import type { AnyContext } from '../component/ComponentLogger';
import { Session } from '../component/Session';
import { WaitingLines, type Waiter } from '../component/WaitingLine';
import { withTraceId } from '../component/withTraceId';
import type { ComponentConnection } from '../connect/ComponentConnection';
import { isTraced, lockTracing, trace, type LockTrace } from '../diagnostics/tracing';
import { pollPauseMs } from '../util/backoff';
import { isLockTimeout, lockTimeout } from './errors';
import { Lease, type LeaseOwner } from './Lease';
import type { LockMetrics } from './LockMetrics';
import { readSignal, readTimeout, readTtl, type AcquireOptions } from './LockOptions';
import { LockStore } from './LockStore';
import { OrphanedLocks } from './OrphanedLocks';

/** The methods that acquire leases in the session of the component. */
export class LeaseAcquirer implements LeaseOwner {
    /** The current session. Each call stays in the session of its beginning. */
    session = new Session();
    private readonly orphans: OrphanedLocks;
    private readonly lines = new WaitingLines();
    readonly store: LockStore;

    constructor(
        private readonly connection: ComponentConnection,
        readonly metrics: LockMetrics,
    ) {
        this.orphans = new OrphanedLocks(connection, () => metrics.count('orphansDeleted'));
        this.store = new LockStore(connection, this.orphans);
    }

    beginSession(): void {
        if (this.session.isOver) this.session = new Session();
    }

    /** Ends the session. Calls in flight need an open connection to release their locks. */
    async endSession(): Promise<void> {
        await this.session.end();
        await this.orphans.flush();
    }

    tryAcquire(context: AnyContext, key: string, ttl?: number | null): Promise<Lease | null> {
        return traced('tryAcquire', key, async () => {
            const { session } = this;
            session.enter();
            try {
                return await this.attempt(session, context, key, this.toTtl(ttl), performance.now());
            } catch (error) {
                this.metrics.count('failed');
                throw withTraceId(error, context);
            } finally {
                session.leave();
            }
        });
    }

    acquire(
        context: AnyContext,
        key: string,
        ttl: number | null | undefined,
        timeout: number | null | undefined,
        options: AcquireOptions | null | undefined,
    ): Promise<Lease> {
        return traced('acquire', key, async () => {
            const { session } = this;
            let signal: AbortSignal | undefined;
            let waiter: Waiter | undefined;
            session.enter();
            try {
                signal = readSignal(options);
                const ttlMs = this.toTtl(ttl);
                const timeoutMs = readTimeout(timeout ?? ttlMs);
                signal?.throwIfAborted();
                const begunMs = performance.now();
                for (;;) {
                    const lease = await this.attempt(session, context, key, ttlMs, begunMs, signal);
                    if (lease !== null) return lease;
                    const waitedMs = performance.now() - begunMs;
                    if (waitedMs >= timeoutMs) throw lockTimeout(key, timeoutMs);
                    waiter ??= this.lines.join(key, session, begunMs + timeoutMs, signal);
                    const { retryTimeout } = this.connection.options;
                    await waiter.pause(pollPauseMs(waitedMs, retryTimeout, waiter.lineLength));
                    signal?.throwIfAborted();
                }
            } catch (error) {
                if (signal?.aborted && error === signal.reason) throw error;
                this.metrics.count(isLockTimeout(error) ? 'timedOut' : 'failed');
                throw withTraceId(error, context);
            } finally {
                waiter?.leave();
                session.leave();
            }
        });
    }

    toTtl(ttl: number | null | undefined): number {
        return readTtl(ttl, this.connection.options);
    }

    /** Makes one attempt. Releases the lock if the session or the caller's wait ended meanwhile. */
    private async attempt(
        session: Session,
        context: AnyContext,
        key: string,
        ttlMs: number,
        begunMs: number,
        signal?: AbortSignal,
    ): Promise<Lease | null> {
        const fullKey = this.connection.fullKey(key);
        session.check();
        const stored = await this.store.acquire(fullKey, ttlMs);
        const lease = stored && new Lease(this, context, key, fullKey, stored, ttlMs);
        if (lease === null) this.metrics.count('busy');
        else this.metrics.onAcquired(performance.now() - begunMs);
        if (session.isOver || signal?.aborted) await lease?.[Symbol.asyncDispose]();
        session.check();
        signal?.throwIfAborted();
        return lease;
    }
}

function traced<L extends Lease | null>(
    operation: LockTrace['operation'],
    key: string,
    acquire: () => Promise<L>,
): Promise<L> {
    if (!isTraced(lockTracing)) return acquire();
    return trace<LockTrace, L>(lockTracing, { operation, key }, acquire, lease =>
        lease === null ? 'busy' : 'acquired',
    );
}
