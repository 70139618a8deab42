import type { IContext } from 'pip-services4-components-node';
import { Lock } from './Lock';

/** Locks within this process, by its own clock. Any caller can release them. */
export class MemoryLock extends Lock {
    /** The ends of the locks by key, in ms since 1970. */
    private readonly _expirations = new Map<string, number>();

    public tryAcquireLock(_context: IContext | null, key: string, ttl: number): Promise<boolean> {
        const now = Date.now();
        if ((this._expirations.get(key) ?? 0) > now) return Promise.resolve(false);
        this._expirations.set(key, now + ttl);
        return Promise.resolve(true);
    }

    public releaseLock(_context: IContext | null, key: string): Promise<void> {
        this._expirations.delete(key);
        return Promise.resolve();
    }
}
