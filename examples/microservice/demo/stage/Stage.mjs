import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openMemcached, readRecord } from '../../../../scripts/memcached.cjs';
import { Caller } from './Caller.mjs';
import { Fleet } from './Fleet.mjs';
import { GivenMemcached } from './GivenMemcached.mjs';
import { Instance } from './Instance.mjs';
import { chooseProtocols } from './protocols.mjs';

const FLEET_SIZE = 3;
const NAMES = ['products-a', 'products-b'];
/** How long the instances may take to notice a change of the servers. */
const PATIENCE_MS = 15_000;

/** The processes of the demo: memcached, two instances of the service, and a caller. */
export class Stage {
    caller = new Caller();
    /** @type {Fleet | GivenMemcached} */
    memcached;
    /** @type {Instance[]} */
    instances = [];
    /** The prefix of the keys. A memcached of the user may still hold values of an earlier demo. */
    name = `demo-${randomBytes(4).toString('hex')}`;
    /** The promise that rejects when an instance ends unexpectedly. */
    crashed;
    #crash = (/** @type {Error} */ _error) => {};
    #isClosed = false;

    #onChange;
    #onWarning;

    /**
     * @param {object} listeners
     * @param {(change: import('./Fleet.mjs').Change, name: string) => void} listeners.onChange gets
     *     each change of a server
     * @param {(warning: string) => void} listeners.onWarning gets the instances' warnings
     */
    constructor({ onChange, onWarning }) {
        this.crashed = new Promise((_, reject) => (this.#crash = reject));
        this.crashed.catch(() => {});
        this.#onChange = onChange;
        this.#onWarning = onWarning;
    }

    /** @param {import('./protocols.mjs').ProtocolName | null} protocol null for one per instance */
    async open(protocol) {
        const memcached = await this.#openMemcached();
        // The user may interrupt the demo at any time. `close` ends what it finds.
        if (this.#isClosed) return memcached.end();
        this.memcached = memcached;
        const protocols = await chooseProtocols(memcached.direct, protocol);
        if (this.#isClosed) return;
        this.instances = NAMES.map((name, index) => this.#createInstance(name, protocols[index]));
        const listening = Promise.all(this.instances.map(instance => instance.listening()));
        await Promise.race([listening, this.crashed]);
    }

    /** The servers that the demo may change, null if the user has given one. */
    get fleet() {
        return this.memcached instanceof Fleet ? this.memcached : null;
    }

    /** The memcached of the user, null if the demo has its own. */
    get given() {
        return this.memcached instanceof GivenMemcached ? this.memcached : null;
    }

    /** Returns the statistics of each instance. */
    stats() {
        return this.#ask('/stats');
    }

    /** Returns the result of each instance's health check. */
    health() {
        return this.#ask('/health');
    }

    /** Returns the number of look-ups in the catalogue, of all instances. */
    async lookUps() {
        return (await this.stats()).reduce((sum, { lookUps }) => sum + lookUps, 0);
    }

    /** Returns the number of calls that memcached did not answer, of all instances. */
    async fallbacks() {
        return (await this.stats()).reduce((sum, { cache }) => sum + cache.fallbacks, 0);
    }

    /**
     * Requests each product from 1 to this number once, so that the cache has them all.
     * @param {number} products
     */
    async sweep(products) {
        const path = (/** @type {number} */ index) => `${this.#urlOf(index)}/products/${index + 1}`;
        await Promise.all(Array.from({ length: products }, (_, index) => this.caller.get(path(index))));
    }

    /**
     * Requests the same product many times at once, half from each instance.
     * @param {number} calls
     * @param {string} path
     */
    async stampede(calls, path) {
        const startMs = performance.now();
        const call = (/** @type {number} */ index) => this.caller.get(this.#urlOf(index) + path);
        const replies = await Promise.all(Array.from({ length: calls }, (_, index) => call(index)));
        const ms = performance.now() - startMs;
        const failed = replies.filter(({ status }) => status !== 200).length;
        const lookUps = replies.filter(({ cache }) => cache === 'miss').length;
        return { calls, failed, ms, replies, lookUps };
    }

    /** Returns whether every instance uses exactly the servers that DNS lists, and all are up. */
    async isSettled() {
        const listed = this.memcached.servers.map(({ address }) => address).sort();
        return (await this.stats()).every(({ cache }) => {
            const used = cache.servers.map((/** @type {{ address: string }} */ { address }) => address).sort();
            return (
                `${used}` === `${listed}` && cache.servers.every((/** @type {{ isUp: boolean }} */ { isUp }) => isUp)
            );
        });
    }

    /** Resolves when the stage is settled. */
    async settled() {
        const deadline = performance.now() + PATIENCE_MS;
        while (!(await this.isSettled())) {
            if (performance.now() > deadline) throw new Error('the instances did not notice the change of servers');
            await delay(20);
        }
    }

    /** Adds a server to the fleet. Resolves when all instances use it. */
    async grow() {
        await this.#ownFleet.add();
        await this.settled();
    }

    /** Removes the last server of the fleet, and ends it when no instance uses it. */
    async shrink() {
        this.#ownFleet.unlistLast();
        try {
            await this.settled();
        } finally {
            await this.#ownFleet.endUnlisted();
        }
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
        await this.memcached?.end();
    }

    get #ownFleet() {
        return /** @type {Fleet} */ (this.fleet);
    }

    /** Opens the memcached of the environment, or a fleet of the demo. */
    async #openMemcached() {
        const { binary } = readRecord();
        if (binary && !process.env.MEMCACHED_SERVICE_HOST) return Fleet.start(FLEET_SIZE, this.#onChange);
        return new GivenMemcached(await openMemcached());
    }

    /**
     * @param {string} name
     * @param {import('./protocols.mjs').ProtocolName} protocol
     */
    #createInstance(name, protocol) {
        const env = {
            MEMCACHED_URI: this.memcached.uri,
            MEMCACHED_PROTOCOL: protocol,
            // The demo has no time for the default of 30 s.
            DISCOVERY_INTERVAL: '1000',
            STAGE: this.name,
            SERVICE_NAME: name,
            HTTP_PORT: '',
        };
        const onWarning = (/** @type {string} */ line) => this.#onWarning(`${name}: ${line}`);
        return new Instance(name, { protocol, env, dns: this.fleet?.dns, onWarning, onCrash: this.#crash });
    }

    /** @param {string} path */
    async #ask(path) {
        const replies = await Promise.all(this.instances.map(({ url }) => this.caller.get(url + path)));
        return replies.map(reply => reply.body);
    }

    /** Returns the instance for a request, each in turn. */
    #urlOf(/** @type {number} */ index) {
        return this.instances[index % this.instances.length].url;
    }
}
