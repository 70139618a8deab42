export { MemcachedClient } from './client/MemcachedClient';
