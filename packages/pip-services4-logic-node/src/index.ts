export { CacheEntry } from './cache/CacheEntry';
export type { ICache } from './cache/ICache';
export { MemoryCache } from './cache/MemoryCache';
export { NullCache } from './cache/NullCache';
