/**
 * @typedef {object} Answer
 * @property {number} atMs
 * @property {number} ms
 * @property {boolean} isFailed
 * @property {boolean} isMiss whether the service looked the product up in the catalogue
 */

const TICK_MS = 20;
/** How long the traffic keeps an answer. */
const KEPT_MS = 60_000;
/** The longest pause, of the process or the machine, after which the traffic catches up. */
const MAX_LAG_MS = 1000;

/**
 * A constant stream of requests for products. The rate does not depend on how fast the answers
 * come.
 */
export class Traffic {
    requests = 0;
    answered = 0;
    failed = 0;
    /** The last failure. */
    problem = '';
    #stage;
    #perSecond;
    #products;
    /** @type {Answer[]} */
    #answers = [];
    #dueMs = 0;
    /** @type {NodeJS.Timeout | undefined} */
    #timer;
    /** @type {Set<Promise<void>>} */
    #underWay = new Set();

    /**
     * @param {import('../stage/Stage.mjs').Stage} stage
     * @param {{ perSecond: number, products: number }} wanted
     */
    constructor(stage, { perSecond, products }) {
        this.#stage = stage;
        this.#perSecond = perSecond;
        this.#products = products;
    }

    start() {
        this.#dueMs = performance.now();
        this.#timer = setInterval(() => this.#tick(), TICK_MS);
    }

    /** Resolves when the last answer has arrived. */
    async stop() {
        clearInterval(this.#timer);
        await Promise.all(this.#underWay);
    }

    /**
     * Returns the answers that came after this time, but none older than a minute.
     * @param {number} startMs
     */
    answersSince(startMs) {
        return this.#answers.filter(({ atMs }) => atMs >= startMs);
    }

    #tick() {
        const now = performance.now();
        this.#dueMs = Math.max(this.#dueMs, now - MAX_LAG_MS);
        for (; this.#dueMs <= now; this.#dueMs += 1000 / this.#perSecond) {
            const call = this.#call().finally(() => this.#underWay.delete(call));
            this.#underWay.add(call);
        }
    }

    async #call() {
        const { instances, caller } = this.#stage;
        const { url } = instances[this.requests++ % instances.length];
        const number = 1 + Math.floor(Math.random() * this.#products);
        const startMs = performance.now();
        let isFailed = false;
        let isMiss = false;
        try {
            const { status, body, cache } = await caller.get(`${url}/products/${number}`);
            isMiss = cache === 'miss';
            isFailed = status !== 200 || body.number !== number;
            if (isFailed) this.problem = `${status} ${JSON.stringify(body)}`;
        } catch (error) {
            isFailed = true;
            this.problem = /** @type {Error} */ (error).message;
        }
        this.answered++;
        if (isFailed) this.failed++;
        const atMs = performance.now();
        this.#answers.push({ atMs, ms: atMs - startMs, isFailed, isMiss });
        while (this.#answers[0].atMs < atMs - KEPT_MS) this.#answers.shift();
    }
}
