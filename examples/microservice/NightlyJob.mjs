import { Descriptor } from 'pip-services4-memcached-node/framework';
import { setTimeout as delay } from 'node:timers/promises';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Many times what the job takes. When this instance dies in it, another one may begin after that. */
const TTL_MS = 30_000;

/** What every instance starts at midnight, and one of them does. */
export class NightlyJob {
    /** @type {import('pip-services4-memcached-node').MemcachedLock} */
    #lock;
    /** @type {import('pip-services4-memcached-node').MemcachedCache} */
    #cache;
    #workMs = 400;

    /** @param {import('pip-services4-memcached-node/framework').ConfigParams} config */
    configure(config) {
        this.#workMs = config.getAsIntegerWithDefault('work_ms', this.#workMs);
    }

    /** @param {import('pip-services4-memcached-node/framework').IReferences} references */
    setReferences(references) {
        this.#lock = references.getOneRequired(new Descriptor('*', 'lock', 'memcached', '*', '1.0'));
        this.#cache = references.getOneRequired(new Descriptor('*', 'cache', 'memcached', '*', '1.0'));
    }

    /**
     * @param {string} traceId
     * @param {string} night for example its date
     * @returns {Promise<{ outcome: 'ran' | 'taken' | 'done' }>} taken: somebody else is at it; done: somebody else was faster
     */
    async run(traceId, night) {
        const lease = await this.#lock.tryAcquireLease(traceId, night, TTL_MS);
        if (lease === null) return { outcome: 'taken' };
        try {
            // Who comes when the lock is free again must not begin anew. Memcached may forget it: what must never be done twice is
            // kept in a database.
            if (await this.#cache.contains(traceId, `done:${night}`)) return { outcome: 'done' };
            await delay(this.#workMs);
            await this.#cache.store(traceId, `done:${night}`, true, DAY_MS);
            return { outcome: 'ran' };
        } finally {
            await lease.release();
        }
    }
}
