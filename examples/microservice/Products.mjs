import { Descriptor } from 'pip-services4-memcached-node/framework';

/**
 * @typedef {import('./ProductCatalog.mjs').Product} Product
 */

/** Products as callers get them: from memcached, or else from the catalogue, which is asked once for all who wait for the same one. */
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
     * @returns {Promise<{ product: Product | null, isHit: boolean }>} isHit: this call has not asked the catalogue
     */
    async get(traceId, number) {
        let isHit = true;
        // No timeout of its own: `options.timeout` of config.yml.
        const product = await this.#cache.retrieveOrLoad(traceId, `${number}`, null, signal => {
            isHit = false;
            return this.#catalog.lookUp(number, signal);
        });
        return { product, isHit };
    }

    /** What has happened so far, and what is known of each server. */
    getStats() {
        return { lookUps: this.#catalog.lookUps, cache: this.#cache.getStats() };
    }

    /** @param {string} traceId */
    checkHealth(traceId) {
        return this.#cache.checkHealth(traceId);
    }
}
