import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisDriver } from 'bentocache/drivers/redis';

import { ofObjectLists, ofObjects } from './objects.mjs';

const ttl = '10m';

/** Opens bentocache on Redis alone, or with its cache in the process before Redis. */
export async function connect(port, { isMemoryFirst = false, isLoadThrough = false }) {
    const store = isMemoryFirst ? bentostore().useL1Layer(memoryDriver()) : bentostore();
    const redis = redisDriver({ connection: { host: '127.0.0.1', port } });
    const cache = new BentoCache({ default: 'main', stores: { main: store.useL2Layer(redis) } });
    const get = key => cache.get({ key });
    const load = (key, loader) => cache.getOrSet({ key, ttl, factory: loader });
    return {
        ...ofObjects,
        ...ofObjectLists,
        isInPlace: false,
        get: isLoadThrough ? key => load(key, () => null) : get,
        load,
        // There is no multi-get.
        getMany: keys => Promise.all(keys.map(get)),
        set: (key, value) => cache.set({ key, value, ttl }),
        isStored: result => result === true,
        close: () => cache.disconnectAll(),
    };
}
