import { milliseconds } from './Narrator.mjs';

const STAMPEDE_CALLS = 1000;
/** A product number far from those that the traffic requests. */
const COLD_PRODUCTS = 100_000;

/** The actions behind the buttons of the page. */
export class Controls {
    #stage;
    #recorder;
    #next = 0;
    #cold = COLD_PRODUCTS;
    #isStampeding = false;

    /**
     * @param {import('./Stage.mjs').Stage} stage
     * @param {import('./Recorder.mjs').Recorder} recorder
     */
    constructor(stage, recorder) {
        this.#stage = stage;
        this.#recorder = recorder;
    }

    /**
     * Requests a path from the instances in turn.
     * @param {string} path
     */
    pass(path) {
        const { caller, instances } = this.#stage;
        return caller.get(instances[this.#next++ % instances.length].url + path);
    }

    kill(/** @type {number} */ index) {
        return this.#change(index, 'kill', 'killed (SIGKILL)');
    }

    restart(/** @type {number} */ index) {
        const { pid } = this.#stage.memcacheds.states[index] ?? {};
        return this.#change(index, 'restart', pid ? 'killed and started again, empty' : 'started again, empty');
    }

    async stampede() {
        if (this.#isStampeding) return { status: 409, body: { message: 'one is under way' } };
        this.#isStampeding = true;
        try {
            const path = `/products/${this.#cold++}`;
            const { calls, failed, ms, lookUps } = await this.#stage.stampede(STAMPEDE_CALLS, path);
            const result = { product: path, calls, failed, ms: Math.round(ms), lookUps, atMs: Date.now() };
            this.#recorder.stampede = result;
            const lookedUp = `${lookUps} look-up${lookUps === 1 ? '' : 's'}`;
            this.#recorder.note(
                `stampede: ${calls} × GET ${path}: ${lookedUp}, ${failed} failed, ${milliseconds(ms)}`,
                'info',
            );
            return { status: 200, body: result };
        } finally {
            this.#isStampeding = false;
        }
    }

    /**
     * @param {number} index
     * @param {'kill' | 'restart'} verb
     * @param {string} told
     */
    async #change(index, verb, told) {
        const { memcacheds } = this.#stage;
        if (!memcacheds.has(index)) {
            const message = memcacheds.given ? `${memcacheds.given} is not ours to ${verb}` : 'there is no such server';
            return { status: 404, body: { message } };
        }
        await memcacheds[verb](index);
        const state = memcacheds.states[index];
        this.#recorder.note(`memcached ${state.address} ${told}`, verb);
        return { status: 200, body: state };
    }
}
