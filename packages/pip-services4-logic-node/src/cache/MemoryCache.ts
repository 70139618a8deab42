import type { ConfigParams, IContext, IReconfigurable } from 'pip-services4-components-node';
import { CacheEntry } from './CacheEntry';
import type { ICache } from './ICache';

/**
 * A cache in this process. It keeps values as they are, without copying. A null key is an Error.
 *
 * ### Configuration parameters ###
 *
 * - `options.timeout`: default lifetime of an entry, in ms (default: 60000)
 * - `options.max_size`: maximum number of entries (default: 1000). Another one evicts the oldest.
 */
export class MemoryCache implements ICache, IReconfigurable {
    /** The entries in the order of their stores. */
    private readonly _entries = new Map<string, CacheEntry>();
    private _timeout = 60_000;
    private _maxSize = 1000;

    public configure(config: ConfigParams): void {
        this._timeout = config.getAsLongWithDefault('options.timeout', this._timeout);
        this._maxSize = config.getAsLongWithDefault('options.max_size', this._maxSize);
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public retrieve(_context: IContext | null, key: string): Promise<any> {
        if (key == null) return nullKey();
        const entry = this._entries.get(key);
        if (entry == null) return Promise.resolve(null);
        if (!entry.isExpired()) return Promise.resolve(entry.getValue());
        this._entries.delete(key);
        return Promise.resolve(null);
    }

    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    public store(_context: IContext | null, key: string, value: any, timeout: number): Promise<any> {
        if (key == null) return nullKey();
        this._entries.delete(key);
        if (value != null) {
            const expiresIn = timeout != null && timeout > 0 ? timeout : this._timeout;
            this._entries.set(key, new CacheEntry(key, value, expiresIn));
            const [oldest] = this._entries.keys();
            if (this._entries.size > this._maxSize && oldest != null) this._entries.delete(oldest);
        }
        return Promise.resolve(value);
    }

    public remove(_context: IContext | null, key: string): Promise<void> {
        if (key == null) return nullKey();
        this._entries.delete(key);
        return Promise.resolve();
    }
}

function nullKey(): Promise<never> {
    return Promise.reject(new Error('Key cannot be null'));
}
