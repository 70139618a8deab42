import type { IContext } from 'pip-services4-components-node';

/** `ttl` and `timeout` are in ms. */
export interface ILock {
    /** One attempt: false when somebody holds the lock. It is free again `ttl` later at the latest. */
    tryAcquireLock(context: IContext | null, key: string, ttl: number): Promise<boolean>;
    /** @throws ConflictException LOCK_TIMEOUT when the lock is not free within `timeout` */
    acquireLock(context: IContext | null, key: string, ttl: number, timeout: number): Promise<void>;
    releaseLock(context: IContext | null, key: string): Promise<void>;
}
