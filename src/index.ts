export { DefaultMemcachedFactory } from './build/DefaultMemcachedFactory';
export type { Entries } from './cache/BatchVerbs';
export type { Amount, CountOptions } from './cache/AtomicVerbs';
export { BatchException } from './cache/model/errors';
export type { Loaded, Loader, LoadOptions } from './cache/load/LoadOptions';
export { MemcachedCache } from './cache/MemcachedCache';
export type { CacheCounts } from './cache/engine/CacheMetrics';
export type { CacheStats } from './cache/MemcachedCache';
export type { Change } from './cache/UpdateVerbs';
export { ERROR_CODES } from './client/model/errorCodes';
export type { MemcachedErrorCode } from './client/model/errorCodes';
export { MemcachedClient } from './client/MemcachedClient';
export type { Callback, CounterCallback, GetCallback } from './client/memjs/callbacks';
export type { CasValidity, CounterOptions, Placement, StoreOptions } from './client/model/CallOptions';
export type { ValueInput as StoredValue } from './client/Commands';
export type { CounterResult, GetResult } from './client/MemcachedClient';
export type { ClientOptions, ServerObserver } from './client/model/ClientOptions';
export type { ServerHealthReport } from './client/server/HealthCheck';
export type { LatencySummary } from './diagnostics/LatencyWindows';
export type { ServerStats } from './diagnostics/ServerMetrics';
export type { CommandTrace, ConnectTrace, LoadTrace, LockTrace } from './diagnostics/tracing';
export type { Item } from './client/model/Item';
export type {
    FlushCallback,
    MemjsErrorHandler,
    MemjsResponse,
    MemjsResponseHandler,
    MemjsServer,
    StatsCallback,
} from './client/memjs/memjs';
export type { Fetched as Held } from './client/calls/getCalls';
export type { BatchResult, GetManyResult } from './client/KeyBatch';
export type { CasDeleteReply } from './client/calls/deleteCalls';
export type { CasReply } from './client/calls/storeCalls';
export type { Receipt, StoreAccount } from './client/model/StoreAccount';
export type { ServerChange } from './client/cluster/ServerSet';
export type { Login, ServerAddress } from './client/model/ServerAddress';
export type { AnyContext } from './component/ComponentLogger';
export { COUNTER_NAMES } from './component/counterNames';
export { LOG_LINES } from './component/logLines';
export type { LogLine } from './component/logLines';
export { MemcachedConnection } from './connect/MemcachedConnection';
export type { ConnectionStats } from './connect/MemcachedConnection';
export { MemcachedConnectionResolver } from './connect/MemcachedConnectionResolver';
export type { Lease } from './lock/Lease';
export type { LockCounts } from './lock/LockMetrics';
export { MemcachedLock } from './lock/MemcachedLock';
export type { LockStats } from './lock/MemcachedLock';
export type { AcquireOptions, WithLockOptions } from './lock/LockOptions';
