/**
 * The cache, the lock, their connection, and the client.
 *
 * @module pip-services4-memcached-node
 */
export { DefaultMemcachedFactory } from './build/DefaultMemcachedFactory';
export type { Entries } from './cache/BatchVerbs';
export type { Amount, CountOptions } from './cache/AtomicVerbs';
export { BatchException } from './cache/model/errors';
export type { Loaded, Loader, LoadOptions } from './cache/load/LoadOptions';
export { MemcachedCache, type CacheStats } from './cache/MemcachedCache';
export type { CacheCounts } from './cache/engine/CacheMetrics';
export type { Change } from './cache/UpdateVerbs';
export { ERROR_CODES, type MemcachedErrorCode } from './client/model/errorCodes';
export { MemcachedClient, type GetResult } from './client/MemcachedClient';
export type {
    Callback,
    CounterCallback,
    FlushCallback,
    FlushResults,
    GetCallback,
    Statistics,
    StatsCallback,
} from './client/memjs/callbacks';
export type { CasValidity, CounterOptions, OpenOptions, StoreOptions } from './client/model/CallOptions';
export type { CounterResult, ValueInput } from './client/Commands';
export type { ClientOptions, ServerObserver } from './client/model/ClientOptions';
export type { ServerHealthReport } from './client/server/ServerHealthReport';
export type { LatencySummary } from './diagnostics/LatencyWindows';
export type { ServerStats } from './diagnostics/ServerMetrics';
export type { CommandTrace, ConnectTrace, LoadTrace, LockTrace } from './diagnostics/tracing';
export type { Item } from './client/model/Item';
export type { Fetched } from './client/calls/getCalls';
export type { BatchResult, GetManyResult } from './client/KeyBatch';
export type { CasDeleteReply } from './client/calls/deleteCalls';
export type { CasReply } from './client/calls/storeCalls';
export type { ServerChange } from './client/cluster/ServerSet';
export type { Login, ServerAddress } from './client/model/ServerAddress';
export type { ProtocolName, ServerIdentity } from './client/model/ServerIdentity';
export type { ServerInfo } from './client/model/ServerInfo';
export type { AnyContext } from './component/ComponentLogger';
export { COUNTER_NAMES } from './component/counterNames';
export { LOG_LINES, type LogLine } from './component/logLines';
export { MemcachedConnection, type ConnectionStats } from './connect/MemcachedConnection';
export { MemcachedConnectionResolver } from './connect/MemcachedConnectionResolver';
export type { Lease } from './lock/Lease';
export type { LockCounts } from './lock/LockMetrics';
export { MemcachedLock, type LockStats } from './lock/MemcachedLock';
export type { AcquireOptions, WithLockOptions } from './lock/LockOptions';
