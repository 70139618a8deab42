import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Caller } from './Caller.mjs';
import { Instance } from './Instance.mjs';
import { Memcacheds } from './Memcacheds.mjs';

/** The processes of the demo: memcached, two instances of the service, and a caller. */
export class Stage {
    caller = new Caller();
    /** @type {Memcacheds} */
    memcacheds;
    /** @type {Instance[]} */
    instances = [];
    /** The promise that rejects when an instance ends unexpectedly. */
    crashed;
    #crash = (/** @type {Error} */ _error) => {};
    #isClosed = false;

    /** @param {(warning: string) => void} onWarning gets the instances' warnings */
    constructor(onWarning) {
        this.crashed = new Promise((_, reject) => (this.#crash = reject));
        this.crashed.catch(() => {});
        this.onWarning = onWarning;
    }

    async open() {
        this.memcacheds = await Memcacheds.start();
        // The user may have interrupted the demo meanwhile.
        if (this.#isClosed) return this.memcacheds.end();
        const env = {
            MEMCACHED_SERVERS: this.memcacheds.addresses.join(','),
            // A memcached of the user may still hold values of an earlier demo.
            STAGE: `demo-${randomBytes(4).toString('hex')}`,
            HTTP_PORT: '',
        };
        this.instances = ['products-a', 'products-b'].map(
            name => new Instance(name, env, what => this.onWarning(`${name}: ${what}`), this.#crash),
        );
        const listening = Promise.all(this.instances.map(instance => instance.listening()));
        await Promise.race([listening, this.crashed]);
    }

    /** Returns the statistics of each instance. */
    async stats() {
        const replies = await Promise.all(this.instances.map(({ url }) => this.caller.get(`${url}/stats`)));
        return replies.map(reply => reply.body);
    }

    async lookUps() {
        return (await this.stats()).reduce((sum, { lookUps }) => sum + lookUps, 0);
    }

    /**
     * Requests the same product many times at once, half from each instance.
     * @param {number} calls
     * @param {string} path
     */
    async stampede(calls, path) {
        const startMs = performance.now();
        const call = (/** @type {unknown} */ _, /** @type {number} */ index) =>
            this.caller.get(`${this.instances[index % this.instances.length].url}${path}`);
        const replies = await Promise.all(Array.from({ length: calls }, call));
        const ms = performance.now() - startMs;
        const failed = replies.filter(({ status }) => status !== 200).length;
        const lookUps = replies.filter(({ cache }) => cache === 'miss').length;
        return { calls, failed, ms, replies, lookUps };
    }

    /** Returns whether every instance sees every server as up. */
    async isHealed() {
        const stats = await this.stats();
        return stats.every(({ cache }) => cache.servers.every((/** @type {{ isUp: boolean }} */ { isUp }) => isUp));
    }

    /**
     * Returns the cause of a failure. A crashed instance is the cause, even if its callers notice
     * first.
     * @param {unknown} error
     */
    async causeOf(error) {
        return Promise.race([this.crashed, delay(500, error)]).catch(crash => crash);
    }

    /** Ends all processes, including those that are still starting. */
    async close() {
        this.#isClosed = true;
        this.caller.close();
        await Promise.all(this.instances.map(instance => instance.end()));
        await this.memcacheds?.end();
    }
}
