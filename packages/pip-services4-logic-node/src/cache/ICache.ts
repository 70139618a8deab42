import type { IContext } from 'pip-services4-components-node';

/** A cache of values by key. */
export interface ICache {
    /** Returns null on a miss. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    retrieve(context: IContext | null, key: string): Promise<any>;
    /**
     * Stores the value and returns it. A null value removes the entry.
     * @param timeout in ms. 0 or less = the cache's default
     */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    store(context: IContext | null, key: string, value: any, timeout: number): Promise<any>;
    remove(context: IContext | null, key: string): Promise<void>;
}
