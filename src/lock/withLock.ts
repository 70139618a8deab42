import { notOpened } from '../client/model/errors';
import type { AnyContext } from '../component/ComponentLogger';
import { withTraceId } from '../component/withTraceId';
import { invalidWork, lockLost } from './errors';
import type { Lease } from './Lease';
import type { LeaseAcquirer } from './LeaseAcquirer';
import { LeaseRenewal } from './LeaseRenewal';
import { checkWithLockOptions, type WithLockOptions } from './LockOptions';

/** Acquires a lease, renews it while `work` runs, and releases it. */
export async function withLock<T>(
    acquirer: LeaseAcquirer,
    context: AnyContext,
    key: string,
    options: WithLockOptions | null | undefined,
    work: (signal: AbortSignal, lease: Lease) => Promise<T> | T,
): Promise<T> {
    if (typeof work !== 'function') throw withTraceId(invalidWork(work), context);
    try {
        checkWithLockOptions(options);
    } catch (error) {
        throw withTraceId(error, context);
    }
    const { session } = acquirer;
    const lostError = (): Error => withTraceId(lockLost(key), context);
    let lease: Lease;
    session.enter();
    try {
        lease = await acquirer.acquire(context, key, options?.ttl, options?.timeout, { signal: options?.signal });
        if (session.isOver || !lease.isHeld()) {
            await lease[Symbol.asyncDispose]();
            throw session.isOver ? withTraceId(notOpened(), context) : lostError();
        }
    } finally {
        session.leave();
    }
    // No work may begin after `close`, so there must be no await between the check and `work`.
    const renewal = new LeaseRenewal(lease, lostError, options?.signal);
    try {
        return await work(renewal.signal, lease);
    } finally {
        // The application may have closed and reopened the component while `work` ran.
        const current = acquirer.session;
        current.enter();
        await renewal.stop();
        await lease[Symbol.asyncDispose]();
        current.leave();
    }
}
