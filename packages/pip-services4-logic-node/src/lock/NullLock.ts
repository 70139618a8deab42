import type { IContext } from 'pip-services4-components-node';
import type { ILock } from './ILock';

/** A lock that every caller gets. */
export class NullLock implements ILock {
    public tryAcquireLock(_context: IContext | null, _key: string, _ttl: number): Promise<boolean> {
        return Promise.resolve(true);
    }

    public acquireLock(_context: IContext | null, _key: string, _ttl: number, _timeout: number): Promise<void> {
        return Promise.resolve();
    }

    public releaseLock(_context: IContext | null, _key: string): Promise<void> {
        return Promise.resolve();
    }
}
