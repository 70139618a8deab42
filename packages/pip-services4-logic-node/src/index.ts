export { DefaultLogicFactory } from './build/DefaultLogicFactory';
export { CacheEntry } from './cache/CacheEntry';
export type { ICache } from './cache/ICache';
export { MemoryCache } from './cache/MemoryCache';
export { NullCache } from './cache/NullCache';
export type { ILock } from './lock/ILock';
export { Lock } from './lock/Lock';
export { MemoryLock } from './lock/MemoryLock';
export { NullLock } from './lock/NullLock';
