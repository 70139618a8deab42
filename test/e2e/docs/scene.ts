import type { IContext, IReferences } from 'pip-services4-components-node';
import type {
    BatchException,
    Item,
    Lease,
    MemcachedCache,
    MemcachedClient,
    MemcachedConnection,
    MemcachedLock,
    ServerAddress,
} from 'pip-services4-memcached-node';

/**
 * Declares the names that fragments in the documentation use. The tests compile fragments, and do
 * not run them.
 */
export declare const cache: MemcachedCache;
export declare const lock: MemcachedLock;
export declare const lease: Lease;
export declare const client: MemcachedClient;
export declare const connection: MemcachedConnection;
export declare const references: IReferences;
export declare const context: IContext;
export declare const signal: AbortSignal;
export declare const batchError: BatchException;
export declare const item: Item;

export declare const addresses: ServerAddress[];
export declare const key: string;
export declare const value: string;
export declare const keys: string[];
export declare const cas: bigint;
export declare const seconds: number;

/** The service of the reader. */
export declare const user: { id: number; name: string };
export declare function findUser(id: number, signal?: AbortSignal): Promise<{ id: number; name: string }>;
export declare const invoice: { id: string };
export declare function charge(what: unknown, how: { signal?: AbortSignal; fencingToken: bigint }): Promise<void>;
export declare function writeReport(id: number, how: { signal?: AbortSignal; fencingToken: bigint }): Promise<void>;
export declare const store: { write(what: unknown, how: { fencingToken: bigint }): Promise<void> };
export declare const database: {
    query<T = { [column: string]: unknown }>(sql: string, values?: unknown[]): Promise<{ rowCount: number; rows: T[] }>;
};
