import { stored as storedInRedis } from './redis.mjs';
import { stored as storedInMemcached } from './text.mjs';

/** Reads a value directly from a server, past the clients. */
export const storedIn = { memcached: storedInMemcached, redis: storedInRedis };
