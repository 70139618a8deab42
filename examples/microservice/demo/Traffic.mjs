/**
 * @typedef {object} Heard one answer
 * @property {number} atMs
 * @property {number} ms
 * @property {boolean} isFailed
 */

const TICK_MS = 20;

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
    #onAnswer;
    #dueMs = 0;
    /** @type {NodeJS.Timeout | undefined} */
    #timer;
    /** @type {Set<Promise<void>>} */
    #underWay = new Set();

    /**
     * @param {import('./Stage.mjs').Stage} stage
     * @param {{ perSecond: number, products: number, onAnswer: (heard: Heard) => void }} wanted
     */
    constructor(stage, { perSecond, products, onAnswer }) {
        this.#stage = stage;
        this.#perSecond = perSecond;
        this.#products = products;
        this.#onAnswer = onAnswer;
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

    #tick() {
        for (const now = performance.now(); this.#dueMs <= now; this.#dueMs += 1000 / this.#perSecond) {
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
        try {
            const { status, body } = await caller.get(`${url}/products/${number}`);
            isFailed = status !== 200 || body.number !== number;
            if (isFailed) this.problem = `${status} ${JSON.stringify(body)}`;
        } catch (error) {
            isFailed = true;
            this.problem = /** @type {Error} */ (error).message;
        }
        this.answered++;
        if (isFailed) this.failed++;
        const atMs = performance.now();
        this.#onAnswer({ atMs, ms: atMs - startMs, isFailed });
    }
}
