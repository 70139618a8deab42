import type { IContext } from 'pip-services4-components-node';

/** A lock with times in ms. */
export interface ILock {
    /** Makes one attempt. Returns false if the lock is held. Each lock ends after its `ttl`. */
    tryAcquireLock(context: IContext | null, key: string, ttl: number): Promise<boolean>;
    /** @throws ConflictException LOCK_TIMEOUT when the lock is not free within `timeout` */
    acquireLock(context: IContext | null, key: string, ttl: number, timeout: number): Promise<void>;
    releaseLock(context: IContext | null, key: string): Promise<void>;
}
