import { Descriptor } from 'pip-services4-memcached-node/framework';

/**
 * @typedef {import('./ProductCatalog.mjs').Product} Product
 */

/**
 * The products for callers, from memcached or else from the catalog. Concurrent callers of one
 * product share one look-up.
 */
export class Products {
    /** @type {import('pip-services4-memcached-node').MemcachedCache} */
    #cache;
    /** @type {import('./ProductCatalog.mjs').ProductCatalog} */
    #catalog;

    /** @param {import('pip-services4-memcached-node/framework').IReferences} references */
    setReferences(references) {
        this.#cache = references.getOneRequired(new Descriptor('*', 'cache', 'memcached', '*', '1.0'));
        this.#catalog = references.getOneRequired(new Descriptor('microservice', 'catalog', '*', '*', '1.0'));
    }

    /**
     * @param {string} traceId
     * @param {number} number
     * @returns {Promise<{ product: Product | null, isHit: boolean }>} `isHit` is whether the
     *     product comes from the cache
     */
    async get(traceId, number) {
        let isHit = true;
        // The call has no timeout, so `options.timeout` of config.yml applies.
        const product = await this.#cache.retrieveOrLoad(traceId, `${number}`, null, signal => {
            isHit = false;
            return this.#catalog.lookUp(number, signal);
        });
        return { product, isHit };
    }

    /** Returns the counts so far and the state of each server. */
    getStats() {
        return { lookUps: this.#catalog.lookUps, cache: this.#cache.getStats() };
    }

    /** @param {string} traceId */
    checkHealth(traceId) {
        return this.#cache.checkHealth(traceId);
    }
}
