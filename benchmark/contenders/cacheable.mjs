import KeyvRedis, { createKeyv } from '@keyv/redis';
import { Cacheable } from 'cacheable';

import { ofObjectLists, ofObjects } from './objects.mjs';

const TTL_MS = 600_000;

/** Opens cacheable on Redis alone, or as it comes, with its cache in the process before Redis. */
export async function connect(port, { isMemoryFirst = false, isLoadThrough = false }) {
    const url = `redis://127.0.0.1:${port}`;
    const cache = new Cacheable(isMemoryFirst ? { secondary: new KeyvRedis(url) } : { primary: createKeyv(url) });
    const load = (key, loader) => cache.getOrSet(key, loader, { ttl: TTL_MS });
    return {
        ...ofObjects,
        ...ofObjectLists,
        isInPlace: false,
        get: isLoadThrough ? key => load(key, () => null) : key => cache.get(key),
        load,
        getMany: keys => cache.getMany(keys),
        set: (key, value) => cache.set(key, value, TTL_MS),
        isStored: result => result === true,
        close: () => cache.disconnect(),
    };
}
