import { measure } from '../traffic/measure.mjs';
import { Traffic } from '../traffic/Traffic.mjs';

const INTERVAL_MS = 500;
/**
 * The period that a sample covers. It is longer than the time between samples, which smooths the
 * lines.
 */
const WINDOW_MS = 2000;
const KEPT_SAMPLES = 240;
const KEPT_EVENTS = 100;
const TRAFFIC = { perSecond: 50, products: 60 };

/**
 * @typedef {import('../stage/Stage.mjs').Stage} Stage
 * @typedef {import('../stage/Fleet.mjs').Change | 'down' | 'up' | 'warning' | 'info'} EventKind
 *
 * @typedef {object} Event
 * @property {number} atMs
 * @property {EventKind} kind
 * @property {string} text
 * @property {string} [server] the name of the server that has changed
 *
 * @typedef {import('../traffic/measure.mjs').Measured & { atMs: number }} Sample
 */

/** A source of constant requests. It keeps the results of the last two minutes. */
export class Recorder {
    /** The result of the last stampede. @type {object | null} */
    stampede = null;
    /** The phases of the last rolling restart. @type {object[]} */
    rolling = [];
    /** The change of several servers that is under way, '' if none is. */
    work = '';
    /** @type {Traffic} */
    traffic;
    /** @type {Event[]} */
    #events = [];
    /** @type {Sample[]} */
    #samples = [];
    /** The last statistics of each instance. @type {any[]} */
    #stats = [];
    /** @type {Stage} */
    #stage;
    /** @type {NodeJS.Timeout | undefined} */
    #timer;

    /** @param {Stage} stage */
    async start(stage) {
        this.#stage = stage;
        await stage.sweep(TRAFFIC.products);
        this.traffic = new Traffic(stage, TRAFFIC);
        this.traffic.start();
        await this.#sample();
        this.#timer = setInterval(() => void this.#sample().catch(() => {}), INTERVAL_MS);
    }

    async stop() {
        clearInterval(this.#timer);
        await this.traffic?.stop();
    }

    /**
     * @param {string} text
     * @param {EventKind} kind
     * @param {string} [server]
     */
    note(text, kind, server) {
        this.#events.unshift({ atMs: Date.now(), kind, text, server });
        this.#events.length = Math.min(this.#events.length, KEPT_EVENTS);
    }

    /** Returns the data of the page. */
    state() {
        const { fleet, given, memcached } = this.#stage;
        const { requests, answered, failed, problem } = this.traffic;
        return {
            nowMs: Date.now(),
            perSecond: TRAFFIC.perSecond,
            uri: memcached.uri,
            canChange: fleet !== null,
            advice: given?.advice ?? '',
            traffic: { requests, answered, failed, problem },
            now: this.#samples.at(-1),
            samples: this.#samples,
            memcacheds: memcached.servers.map(server => ({ ...server, ...this.#view(server.address) })),
            instances: this.#stats.map(({ name, requests, lookUps, cache }) => {
                const { servers: _, ...counts } = cache;
                return { name, requests, lookUps, cache: counts };
            }),
            work: this.work,
            rolling: this.rolling,
            stampede: this.stampede,
            events: this.#events,
        };
    }

    /**
     * Returns one server as the instances see it.
     * @param {string} address
     */
    #view(address) {
        const seenBy = this.#stats.flatMap(({ name, cache }) => {
            const server = cache.servers.find((/** @type {any} */ one) => one.address === address);
            // An instance may not have found a new server yet.
            return server ? [{ name, ...server }] : [];
        });
        const isUp = seenBy.length === this.#stats.length && seenBy.every(({ isUp }) => isUp);
        return { isUp, version: seenBy.find(({ version }) => version !== null)?.version ?? null, seenBy };
    }

    async #sample() {
        const before = this.#stats;
        this.#stats = await this.#stage.stats();
        this.#noteChanges(before);
        const answers = this.traffic.answersSince(performance.now() - WINDOW_MS);
        this.#samples.push({ atMs: Date.now(), ...measure(answers) });
        if (this.#samples.length > KEPT_SAMPLES) this.#samples.shift();
    }

    /**
     * Notes the servers that an instance has begun to take for down or up.
     * @param {any[]} before
     */
    #noteChanges(before) {
        for (const [index, { name, cache }] of this.#stats.entries()) {
            for (const { address, isUp } of cache.servers) {
                const old = before[index]?.cache.servers.find((/** @type {any} */ one) => one.address === address);
                if (old && old.isUp !== isUp) {
                    const [server] = address.split('.');
                    this.note(`${name} takes ${server} for ${isUp ? 'up again' : 'down'}`, isUp ? 'up' : 'down');
                }
            }
        }
    }
}
