import { ConflictException } from 'pip-services4-commons-node';
import { ContextResolver, type ConfigParams, type IContext, type IReconfigurable } from 'pip-services4-components-node';
import type { ILock } from './ILock';

/**
 * A lock whose callers wait by polling.
 *
 * ### Configuration parameters ###
 *
 * - `options.retry_timeout`: ms between attempts (default: 100)
 */
export abstract class Lock implements ILock, IReconfigurable {
    private _retryTimeout = 100;

    public configure(config: ConfigParams): void {
        this._retryTimeout = config.getAsIntegerWithDefault('options.retry_timeout', this._retryTimeout);
    }

    public abstract tryAcquireLock(context: IContext | null, key: string, ttl: number): Promise<boolean>;

    public abstract releaseLock(context: IContext | null, key: string): Promise<void>;

    /**
     * Waits for the lock. Reads the clock after each pause, so a `timeout` of 0 waits once. Does
     * not try a lock that becomes free in the last pause.
     * @throws ConflictException LOCK_TIMEOUT when the lock is still busy after `timeout` ms
     */
    public async acquireLock(context: IContext | null, key: string, ttl: number, timeout: number): Promise<void> {
        const deadline = Date.now() + timeout;
        while (!(await this.tryAcquireLock(context, key, ttl))) {
            await new Promise(resolve => setTimeout(resolve, this._retryTimeout));
            if (Date.now() > deadline) {
                const message = `Acquiring lock ${key} failed on timeout of ${timeout} ms`;
                const traceId = ContextResolver.getTraceId(context);
                throw new ConflictException(traceId, 'LOCK_TIMEOUT', message).withDetails('key', key);
            }
        }
    }
}
