import memcached from '../../../scripts/memcached.cjs';

/**
 * @typedef {object} Slot one memcached, which keeps its port over a kill and a restart
 * @property {string} address
 * @property {number} port
 * @property {Awaited<ReturnType<typeof memcached.startMemcached>> | null} server null while it is
 *     not running
 */

/** The memcacheds of the demo: two that it starts and may kill, or the one of the user. */
export class Memcacheds {
    /** @type {readonly Slot[]} */
    #slots;
    /** The last start or kill. They run one after the other. */
    #turn = Promise.resolve();

    /**
     * @param {readonly Slot[]} slots
     * @param {string | null} given
     */
    constructor(slots, given) {
        this.#slots = slots;
        /** The address of the user's server, which the demo must not kill, or null without one. */
        this.given = given;
    }

    static async start() {
        const { binary } = memcached.readRecord();
        if (process.env.MEMCACHED_SERVICE_HOST || !binary) {
            const { host, port } = await memcached.openMemcached();
            return new Memcacheds([], `${host.includes(':') ? `[${host}]` : host}:${port}`);
        }
        const servers = await Promise.all([memcached.startMemcached(), memcached.startMemcached()]);
        const slots = servers.map(server => ({
            address: `${server.host}:${server.port}`,
            port: server.port,
            server,
        }));
        return new Memcacheds(slots, null);
    }

    get addresses() {
        return this.given === null ? this.#slots.map(slot => slot.address) : [this.given];
    }

    get states() {
        return this.#slots.map(({ address, server }) => ({ address, pid: server?.pid ?? null }));
    }

    has(/** @type {number} */ index) {
        return index in this.#slots;
    }

    /** Kills the server with SIGKILL. */
    kill(/** @type {number} */ index) {
        return this.#inTurn(() => kill(this.#slots[index]));
    }

    /** Starts the server on its port, if it is not running. */
    start(/** @type {number} */ index) {
        return this.#inTurn(() => start(this.#slots[index]));
    }

    restart(/** @type {number} */ index) {
        return this.#inTurn(async () => {
            await kill(this.#slots[index]);
            await start(this.#slots[index]);
        });
    }

    end() {
        return this.#inTurn(async () => {
            await Promise.all(this.#slots.map(kill));
        });
    }

    /** @param {() => Promise<void>} work */
    #inTurn(work) {
        const done = this.#turn.then(work);
        this.#turn = done.catch(() => {});
        return done;
    }
}

/** @param {Slot} slot */
async function kill(slot) {
    await slot.server?.end();
    slot.server = null;
}

/** @param {Slot} slot */
async function start(slot) {
    slot.server ??= await memcached.startMemcached({ port: slot.port });
}
