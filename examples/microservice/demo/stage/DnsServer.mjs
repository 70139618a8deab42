import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** The types of records that the server has. */
const [A, SRV] = [1, 33];
const HEADER_BYTES = 12;
/** The flags of an authoritative answer, and the code for a name that does not exist. */
const [ANSWER, NXDOMAIN] = [0x8580, 3];

/**
 * A small DNS server on 127.0.0.1. It knows the servers of one service, and answers like the
 * headless service of Kubernetes. SRV records name the servers, and A records have their addresses.
 */
export class DnsServer {
    /** The port of each host. @type {ReadonlyMap<string, number>} */
    #ports = new Map();
    #service;
    #socket = createSocket('udp4', (query, { port, address }) => {
        const reply = this.#reply(query);
        // A lost reply is part of UDP. The resolver asks again.
        if (reply !== null) this.#socket.send(reply, port, address, () => {});
    });

    /** @param {string} service the name of the service, for example `cache.test` */
    constructor(service) {
        this.#service = service;
    }

    get address() {
        return `127.0.0.1:${this.#socket.address().port}`;
    }

    async listen() {
        this.#socket.bind(0, '127.0.0.1');
        await once(this.#socket, 'listening');
    }

    /**
     * Replaces the servers of the service.
     * @param {readonly { host: string, port: number }[]} servers
     */
    publish(servers) {
        this.#ports = new Map(servers.map(({ host, port }) => [host, port]));
    }

    async close() {
        const closed = once(this.#socket, 'close');
        this.#socket.close();
        await closed;
    }

    /**
     * Returns the reply to a query with one question, null for any other packet.
     * @param {Buffer} query
     */
    #reply(query) {
        const found = readQuestion(query);
        if (found === null) return null;
        const { name, type, end } = found;
        const records = this.#find(name, type);
        const isKnown = records.length > 0 || this.#ports.has(name);
        const header = Buffer.alloc(HEADER_BYTES);
        query.copy(header, 0, 0, 2);
        header.writeUInt16BE(isKnown ? ANSWER : ANSWER | NXDOMAIN, 2);
        header.writeUInt16BE(1, 4); // the number of questions
        header.writeUInt16BE(records.length, 6);
        const answers = records.map(data => encodeRecord(type, data));
        return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...answers]);
    }

    /**
     * Returns the data of the matching records.
     * @param {string} name
     * @param {number} type
     */
    #find(name, type) {
        if (type === A) return this.#ports.has(name) ? [Buffer.from([127, 0, 0, 1])] : [];
        if (type !== SRV || name !== `_memcache._tcp.${this.#service}`) return [];
        return [...this.#ports].map(([host, port]) => encodeTarget(host, port));
    }
}

/** @param {Buffer} query */
function readQuestion(query) {
    /** @type {string[]} */
    const labels = [];
    let at = HEADER_BYTES;
    for (let length; at < query.length && (length = query[at]) !== 0; at += 1 + length) {
        labels.push(query.toString('latin1', at + 1, at + 1 + length));
    }
    const end = at + 5;
    if (end > query.length) return null;
    return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end };
}

/**
 * @param {number} type
 * @param {Buffer} data
 */
function encodeRecord(type, data) {
    const head = Buffer.alloc(12);
    // A pointer to the name in the question.
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(type, 2);
    // The class is IN, and the TTL stays 0, so that no resolver keeps the answer.
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
}

/**
 * @param {string} host
 * @param {number} port
 */
function encodeTarget(host, port) {
    const head = Buffer.alloc(6); // priority, weight, port
    head.writeUInt16BE(port, 4);
    const labels = host.split('.').map(label => Buffer.from([label.length, ...Buffer.from(label)]));
    return Buffer.concat([head, ...labels, Buffer.from([0])]);
}
