import { Descriptor } from 'pip-services4-memcached-node/framework';
import { setTimeout as delay } from 'node:timers/promises';

const DAY_MS = 24 * 60 * 60 * 1000;
/**
 * The lifetime of the lock, many times as long as the job takes. If this instance dies during the
 * job, another one may start it after that time.
 */
const TTL_MS = 30_000;

/** A job that every instance starts at midnight. Exactly one instance runs it. */
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
     * @returns {Promise<{ outcome: 'ran' | 'taken' | 'done' }>} `taken` while another instance
     *     runs it, `done` after that
     */
    async run(traceId, night) {
        const lease = await this.#lock.tryAcquireLease(traceId, night, TTL_MS);
        if (lease === null) return { outcome: 'taken' };
        try {
            // An instance that gets the lock later must not run the job again. Memcached may evict
            // this mark. A job that must never run twice keeps it in a database.
            if (await this.#cache.contains(traceId, `done:${night}`)) return { outcome: 'done' };
            await delay(this.#workMs);
            await this.#cache.store(traceId, `done:${night}`, true, DAY_MS);
            return { outcome: 'ran' };
        } finally {
            await lease.release();
        }
    }
}
