import { startMemcached } from '../../../../scripts/memcached.cjs';
import { DnsServer } from './DnsServer.mjs';

const SERVICE = 'cache.test';

/**
 * @typedef {object} Member one memcached, which keeps its name and port over a restart
 * @property {string} name
 * @property {string} host its name in DNS
 * @property {number} port
 * @property {Awaited<ReturnType<typeof startMemcached>> | null} server null while it is
 *     not running
 */

/** @typedef {'killed' | 'started' | 'joined' | 'left'} Change */

/**
 * The memcacheds that the demo starts and may kill, and the DNS server that lists them. They behave
 * like a StatefulSet of Kubernetes. A server that restarts stays in DNS, so its keys stay with it.
 */
export class Fleet {
    uri = `memcached+srv://${SERVICE}`;
    #dns = new DnsServer(SERVICE);
    /** @type {Member[]} */
    #members = [];
    /** The number of members that DNS lists. */
    #listed = 0;
    #onChange;
    /** The last change. Changes run one after the other. */
    #turn = Promise.resolve();

    /** @param {(change: Change, name: string) => void} onChange */
    constructor(onChange) {
        this.#onChange = onChange;
    }

    /**
     * @param {number} size
     * @param {(change: Change, name: string) => void} onChange
     */
    static async start(size, onChange) {
        const fleet = new Fleet(onChange);
        await fleet.#dns.listen();
        const members = Array.from({ length: size }, (_, index) => startMember(index));
        fleet.#members = await Promise.all(members);
        fleet.#list(size);
        return fleet;
    }

    /** The address of the DNS server. */
    get dns() {
        return this.#dns.address;
    }

    /** A server by its address, for clients that do not ask the DNS server. */
    get direct() {
        return { host: '127.0.0.1', port: this.#members[0].port };
    }

    /** The servers that DNS lists. */
    get servers() {
        const listed = this.#members.slice(0, this.#listed);
        return listed.map(({ server, ...member }) => ({
            ...member,
            address: `${member.host}:${member.port}`,
            pid: server?.pid ?? null,
        }));
    }

    /** Kills the server with SIGKILL, if it is running. Its values are lost. */
    kill(/** @type {number} */ index) {
        return this.#inTurn(async () => {
            const member = this.#members[index];
            if (member.server === null) return;
            await end(member);
            this.#onChange('killed', member.name);
        });
    }

    /** Starts the server on its port, if it is not running. */
    start(/** @type {number} */ index) {
        return this.#inTurn(async () => {
            const member = this.#members[index];
            if (member.server !== null) return;
            member.server = await startMemcached({ port: member.port });
            this.#onChange('started', member.name);
        });
    }

    /** Starts one more server, and lists it in DNS. */
    add() {
        return this.#inTurn(async () => {
            const member = await startMember(this.#members.length);
            this.#members.push(member);
            this.#list(this.#members.length);
            this.#onChange('joined', member.name);
        });
    }

    /** Takes the last server out of DNS. It keeps running for clients that still use it. */
    unlistLast() {
        this.#list(this.#members.length - 1);
        this.#onChange('left', this.#members[this.#listed].name);
    }

    /** Ends the servers that DNS does not list. */
    endUnlisted() {
        return this.#inTurn(async () => {
            await Promise.all(this.#members.splice(this.#listed).map(end));
        });
    }

    end() {
        return this.#inTurn(async () => {
            await Promise.all(this.#members.map(end));
            await this.#dns.close();
        });
    }

    #list(/** @type {number} */ count) {
        this.#listed = count;
        this.#dns.publish(this.#members.slice(0, count));
    }

    /** @param {() => Promise<void>} work */
    #inTurn(work) {
        const done = this.#turn.then(work);
        this.#turn = done.catch(() => {});
        return done;
    }
}

/** @param {number} index */
async function startMember(index) {
    const name = `memcached-${index}`;
    const server = await startMemcached();
    return { name, host: `${name}.${SERVICE}`, port: server.port, server };
}

/** @param {Member} member */
async function end(member) {
    await member.server?.end();
    member.server = null;
}
