import { percentile } from './percentile.mjs';
import { warmUp } from './scenes.mjs';
import { Traffic } from './Traffic.mjs';

const INTERVAL_MS = 500;
/**
 * The period that a sample covers. It is longer than the time between samples, which smooths the
 * lines.
 */
const WINDOW_MS = 2000;
const KEPT_SAMPLES = 240;
const KEPT_EVENTS = 60;
const TRAFFIC = { perSecond: 50, products: 60 };

/**
 * @typedef {object} Sample
 * @property {number} atMs
 * @property {number | null} hitRatio share of the requests that needed no look-up
 * @property {number | null} p50 in ms, as callers of the service see it
 * @property {number | null} p99
 *
 * @typedef {{ atMs: number, requests: number, lookUps: number }} Counted
 */

/** A source of constant requests. It keeps the results of the last two minutes. */
export class Recorder {
    /** @type {object | null} */
    stampede = null;
    /** @type {{ atMs: number, kind: string, text: string }[]} */
    #events = [];
    /** @type {Sample[]} */
    #samples = [];
    /** @type {Counted[]} */
    #counted = [];
    /** @type {import('./Traffic.mjs').Heard[]} */
    #heard = [];
    /** @type {any[]} */
    #stats = [];
    /** @type {import('./Stage.mjs').Stage | null} */
    #stage = null;
    /** @type {Traffic | null} */
    #traffic = null;
    /** @type {NodeJS.Timeout | undefined} */
    #timer;

    /** @param {import('./Stage.mjs').Stage} stage */
    async start(stage) {
        this.#stage = stage;
        await warmUp(stage, TRAFFIC.products);
        this.#traffic = new Traffic(stage, { ...TRAFFIC, onAnswer: heard => this.#heard.push(heard) });
        this.#traffic.start();
        await this.#sample();
        this.#timer = setInterval(() => void this.#sample().catch(() => {}), INTERVAL_MS);
    }

    async stop() {
        clearInterval(this.#timer);
        await this.#traffic?.stop();
    }

    /**
     * @param {string} text
     * @param {string} kind
     */
    note(text, kind) {
        this.#events.unshift({ atMs: Date.now(), kind, text });
        this.#events.length = Math.min(this.#events.length, KEPT_EVENTS);
    }

    /** Returns the data of the page. */
    state() {
        const { memcacheds } = /** @type {import('./Stage.mjs').Stage} */ (this.#stage);
        const { requests = 0, answered = 0, failed = 0, problem = '' } = this.#traffic ?? {};
        return {
            nowMs: Date.now(),
            perSecond: TRAFFIC.perSecond,
            traffic: { requests, answered, failed, problem },
            now: this.#samples.at(-1),
            samples: this.#samples,
            canKill: memcacheds.given === null,
            memcacheds: memcacheds.addresses.map(address => this.#memcached(address)),
            instances: this.#stats.map(({ name, requests, lookUps, cache }) => {
                const { servers: _, ...counts } = cache;
                return { name, requests, lookUps, cache: counts };
            }),
            stampede: this.stampede,
            events: this.#events,
        };
    }

    /**
     * Returns one server as the instances see it.
     * @param {string} address
     */
    #memcached(address) {
        const own = this.#stage?.memcacheds.states.find(state => state.address === address);
        const seenBy = this.#stats.map(({ name, cache }) => {
            const server = cache.servers.find((/** @type {any} */ one) => one.address === address);
            return { name, ...server };
        });
        return { address, pid: own?.pid ?? null, isUp: seenBy.every(({ isUp }) => isUp), seenBy };
    }

    async #sample() {
        const stage = /** @type {import('./Stage.mjs').Stage} */ (this.#stage);
        const before = this.#stats;
        this.#stats = await stage.stats();
        this.#noteChanges(before);
        const now = performance.now();
        this.#heard = this.#heard.filter(({ atMs }) => atMs > now - WINDOW_MS);
        const latencies = this.#heard.map(({ ms }) => ms);
        this.#samples.push({
            atMs: Date.now(),
            hitRatio: this.#hitRatio(now),
            p50: percentile(latencies, 50),
            p99: percentile(latencies, 99),
        });
        if (this.#samples.length > KEPT_SAMPLES) this.#samples.shift();
    }

    /** @param {number} now */
    #hitRatio(now) {
        const sum = (/** @type {'requests' | 'lookUps'} */ what) =>
            this.#stats.reduce((/** @type {number} */ total, stats) => total + stats[what], 0);
        this.#counted.push({ atMs: now, requests: sum('requests'), lookUps: sum('lookUps') });
        while (this.#counted.length > 2 && this.#counted[1].atMs <= now - WINDOW_MS) this.#counted.shift();
        const [first, last] = [this.#counted[0], this.#counted[this.#counted.length - 1]];
        const requests = last.requests - first.requests;
        return requests === 0 ? null : Math.max(0, 1 - (last.lookUps - first.lookUps) / requests);
    }

    /** @param {any[]} before */
    #noteChanges(before) {
        for (const [index, { name, cache }] of this.#stats.entries()) {
            for (const { address, isUp } of cache.servers) {
                const old = before[index]?.cache.servers.find((/** @type {any} */ one) => one.address === address);
                if (old && old.isUp !== isUp) {
                    this.note(`${name} takes ${address} for ${isUp ? 'up again' : 'down'}`, isUp ? 'up' : 'down');
                }
            }
        }
    }
}
