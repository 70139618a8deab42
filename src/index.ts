export { DefaultMemcachedFactory } from './build/DefaultMemcachedFactory';
export type { Entries } from './cache/Batches';
export type { Amount, CountOptions } from './cache/Conditions';
export { BatchException } from './cache/errors';
export type { Loaded, Loader, LoadOptions } from './cache/LoadOptions';
export { MemcachedCache } from './cache/MemcachedCache';
export type { CacheCounts } from './cache/CacheEvents';
export type { CacheStats } from './cache/MemcachedCache';
export type { Change } from './cache/Updates';
export { ERROR_CODES } from './client/errorCodes';
export type { MemcachedErrorCode } from './client/errorCodes';
export { MemcachedClient } from './client/MemcachedClient';
export type { Callback, CounterCallback, GetCallback } from './client/callbacks';
export type { CasValidity, CounterOptions, Placement, StoreOptions } from './client/CallOptions';
export type { StoredValue } from './client/ItemVerbs';
export type { CounterResult, GetResult } from './client/MemcachedClient';
export type { ClientOptions } from './client/ClientOptions';
export type { ServerHealthReport } from './client/HealthCheck';
export type { LatencySummary } from './client/Latencies';
export type { ServerStats } from './client/ServerCounts';
export type { CommandTrace, ConnectTrace, LoadTrace, LockTrace } from './client/tracing';
export type { Item } from './client/Item';
export type {
    FlushCallback,
    MemjsErrorHandler,
    MemjsResponse,
    MemjsResponseHandler,
    MemjsServer,
    StatsCallback,
} from './client/memjs';
export type { Held } from './client/readCalls';
export type { BatchResult, GetManyResult } from './client/KeyBatch';
export type { CasDeleteReply } from './client/deleteCalls';
export type { CasReply } from './client/storeCalls';
export type { ServerObserver } from './client/MemcachedServer';
export type { Receipt, StoreAccount } from './client/StoreAccount';
export type { ServerChange } from './client/ServerList';
export type { Login, ServerAddress } from './client/ServerAddress';
export type { AnyContext } from './connect/ComponentLog';
export { COUNTER_NAMES } from './connect/counterNames';
export { LOG_LINES } from './connect/logLines';
export type { LogLine } from './connect/logLines';
export { MemcachedConnection } from './connect/MemcachedConnection';
export type { ConnectionStats } from './connect/MemcachedConnection';
export { MemcachedConnectionResolver } from './connect/MemcachedConnectionResolver';
export type { Lease } from './lock/Lease';
export type { LockCounts } from './lock/LockEvents';
export { MemcachedLock } from './lock/MemcachedLock';
export type { AcquireOptions, LockStats, WithLockOptions } from './lock/MemcachedLock';
