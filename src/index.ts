export { DefaultMemcachedFactory } from './build/DefaultMemcachedFactory';
export { MemcachedCache } from './cache/MemcachedCache';
export { MemcachedClient } from './client/MemcachedClient';
export type {
    Callback,
    CounterOptions,
    CounterResult,
    GetResult,
    StoredValue,
    StoreOptions,
} from './client/MemcachedClient';
export type { ClientOptions } from './client/ClientOptions';
export type { Item } from './client/Item';
export type { BatchResult, GetManyResult } from './client/KeyBatch';
export type { CasDeleteReply, CasReply } from './client/keyCalls';
export type { ServerObserver } from './client/MemcachedServer';
export type { Login, ServerAddress } from './client/ServerAddress';
export { MemcachedConnection } from './connect/MemcachedConnection';
export { MemcachedConnectionResolver } from './connect/MemcachedConnectionResolver';
export type { MemcachedOptions } from './connect/MemcachedOptions';
export type { Lease } from './lock/Lease';
export type { LockCounts } from './lock/LockEvents';
export { MemcachedLock } from './lock/MemcachedLock';
export type { AcquireOptions, WithLockOptions } from './lock/MemcachedLock';
