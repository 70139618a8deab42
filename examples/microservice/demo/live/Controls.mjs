import { milliseconds } from '../story/Narrator.mjs';
import { rollingRestart } from '../traffic/rollingRestart.mjs';

const STAMPEDE_CALLS = 1000;
/** A product number far from those that the traffic requests. */
const COLD_PRODUCTS = 100_000;
const MIN_SERVERS = 3;
const MAX_SERVERS = 4;

/**
 * @typedef {{ status: number, body: object }} Reply
 */

/** The actions behind the buttons of the page. */
export class Controls {
    #stage;
    #recorder;
    #next = 0;
    #cold = COLD_PRODUCTS;
    #isStampeding = false;
    /** The change of several servers that is under way, '' if none is. */
    #work = '';

    /**
     * @param {import('../stage/Stage.mjs').Stage} stage
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

    /** @param {number} index */
    kill(index) {
        return this.#changeOne(index, fleet => fleet.kill(index));
    }

    /** @param {number} index */
    restart(index) {
        return this.#changeOne(index, async fleet => {
            await fleet.kill(index);
            await fleet.start(index);
        });
    }

    rollingRestart() {
        return this.#changeAll('rolling restart', async () => {
            /** @type {import('../traffic/rollingRestart.mjs').Phase[]} */
            const phases = [];
            this.#recorder.rolling = phases;
            for await (const phase of rollingRestart(this.#stage, this.#recorder.traffic)) phases.push(phase);
            this.#recorder.note('rolling restart finished', 'info');
            return { phases };
        });
    }

    grow() {
        return this.#resize('start of a fourth server', MAX_SERVERS, () => this.#stage.grow());
    }

    shrink() {
        return this.#resize('removal of the fourth server', MIN_SERVERS, () => this.#stage.shrink());
    }

    async stampede() {
        if (this.#isStampeding) return conflict('one is under way');
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
            return ok(result);
        } finally {
            this.#isStampeding = false;
        }
    }

    /**
     * Changes one server.
     * @param {number} index
     * @param {(fleet: import('../stage/Fleet.mjs').Fleet) => Promise<void>} change
     * @returns {Promise<Reply>}
     */
    async #changeOne(index, change) {
        const { fleet } = this.#stage;
        if (!fleet) return this.#notOurs();
        if (!(index in fleet.servers)) return { status: 404, body: { message: 'there is no such server' } };
        if (this.#work !== '') return conflict(`wait for the ${this.#work}`);
        await change(fleet);
        return ok(fleet.servers[index]);
    }

    /**
     * Changes the number of servers, unless it is the wanted one.
     * @param {string} title
     * @param {number} wanted
     * @param {() => Promise<void>} change
     */
    async #resize(title, wanted, change) {
        const isDone = this.#work === '' && this.#stage.fleet?.servers.length === wanted;
        if (isDone) return conflict(`there are ${wanted} servers`);
        return this.#changeAll(title, async () => {
            await change();
            return { servers: this.#stage.memcached.servers };
        });
    }

    /**
     * Does a work that changes several servers. One at a time may run, and each begins when all
     * servers are up.
     * @param {string} title
     * @param {() => Promise<object>} work
     * @returns {Promise<Reply>}
     */
    async #changeAll(title, work) {
        const { fleet } = this.#stage;
        if (!fleet) return this.#notOurs();
        if (this.#work !== '') return conflict(`wait for the ${this.#work}`);
        const down = fleet.servers.find(({ pid }) => pid === null);
        if (down) return conflict(`start ${down.name} first`);
        this.#work = title;
        this.#recorder.work = title;
        try {
            if (!(await this.#stage.isSettled())) return conflict('wait until all servers are up');
            return ok(await work());
        } finally {
            this.#work = '';
            this.#recorder.work = '';
        }
    }

    /** @returns {Reply} */
    #notOurs() {
        const [{ address }] = this.#stage.memcached.servers;
        return { status: 404, body: { message: `${address} is your server, which the demo does not change` } };
    }
}

/**
 * @param {object} body
 * @returns {Reply}
 */
function ok(body) {
    return { status: 200, body };
}

/**
 * @param {string} message
 * @returns {Reply}
 */
function conflict(message) {
    return { status: 409, body: { message } };
}
