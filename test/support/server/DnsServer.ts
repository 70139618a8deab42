import * as dgram from 'node:dgram';
import dns from 'node:dns';
import * as net from 'node:net';
import { once } from 'node:events';

const TYPES = { A: 1, CNAME: 5, TXT: 16, AAAA: 28, SRV: 33 } as const;
export type DnsType = keyof typeof TYPES;

/** A record as text: an address, a target, or `target:port` for SRV. */
export type DnsRecord = readonly [type: DnsType, data: string];

/** A reply: records, the name of an error, or none at all. */
export type DnsReply = readonly DnsRecord[] | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'silence' | 'garbage';

const RCODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const TRUNCATED = 0x0200;
/** The size that every client accepts by UDP. */
const MAX_UDP_BYTES = 512;

export interface DnsQuestion {
    readonly type: DnsType;
    readonly name: string;
    readonly transport: 'udp' | 'tcp';
}

/**
 * A DNS server on a port of its own, by UDP and TCP. `replies` has a reply for each question, as
 * `SRV name`. Names and types without one do not exist. Long replies are truncated by UDP.
 */
export class DnsServer {
    readonly replies = new Map<string, DnsReply | ((question: DnsQuestion) => DnsReply)>();
    readonly questions: DnsQuestion[] = [];
    private readonly waiters: (() => void)[] = [];
    private readonly sockets = new Set<net.Socket>();

    private udp!: dgram.Socket;
    private tcp!: net.Server;

    get port(): number {
        return this.udp.address().port;
    }

    async launch(): Promise<void> {
        for (;;) {
            this.tcp = net.createServer(socket => this.accept(socket)).listen(0, '127.0.0.1');
            await once(this.tcp, 'listening');
            this.udp = dgram.createSocket('udp4', (query, { port, address }) => {
                const reply = this.reply(query, 'udp');
                if (reply !== null) this.udp.send(reply, port, address, () => {});
            });
            try {
                this.udp.bind((this.tcp.address() as net.AddressInfo).port, '127.0.0.1');
                await once(this.udp, 'listening');
                return;
            } catch {
                // Another process has the port for UDP.
                this.udp.close();
                this.tcp.close();
            }
        }
    }

    /** Sets the records of a name and type. */
    set(type: DnsType, name: string, ...data: string[]): void {
        this.replies.set(
            `${type} ${name}`,
            data.map(one => [type, one]),
        );
    }

    /** Sets the SRV records that the source for a service asks for. */
    setSrv(service: string, ...targets: string[]): void {
        this.set('SRV', `_memcache._tcp.${service}`, ...targets);
    }

    count(type: DnsType): number {
        return this.questions.filter(question => question.type === type).length;
    }

    /** Waits for questions of a type, counted from the start of the server. */
    async asked(type: DnsType, times: number): Promise<void> {
        while (this.count(type) < times) await new Promise<void>(resolve => this.waiters.push(resolve));
    }

    async end(): Promise<void> {
        for (const socket of this.sockets) socket.destroy();
        this.udp.close();
        this.tcp.close();
        await Promise.all([once(this.udp, 'close'), once(this.tcp, 'close')]);
    }

    private accept(socket: net.Socket): void {
        this.sockets.add(socket.on('close', () => this.sockets.delete(socket)).on('error', () => {}));
        socket.on('data', (query: Buffer) => {
            const reply = this.reply(query.subarray(2), 'tcp');
            if (reply === null) return;
            const length = Buffer.alloc(2);
            length.writeUInt16BE(reply.length);
            socket.write(Buffer.concat([length, reply]));
        });
    }

    private reply(query: Buffer, transport: 'udp' | 'tcp'): Buffer | null {
        const { name, end } = readName(query, 12);
        const code = query.readUInt16BE(end);
        const type = (Object.keys(TYPES) as DnsType[]).find(one => TYPES[one] === code)!;
        const asked = { type, name, transport };
        this.questions.push(asked);
        for (const wake of this.waiters.splice(0)) wake();
        const found = this.replies.get(`${type} ${name.toLowerCase()}`) ?? this.noData(name);
        const reply = typeof found === 'function' ? found(asked) : found;
        if (reply === 'silence') return null;
        const question = query.subarray(12, end + 4);
        if (reply === 'garbage')
            return Buffer.concat([query.subarray(0, 2), Buffer.from([0x84, 0, 0, 1, 0, 9, 0, 0]), question]);
        const full = encode(query, question, typeof reply === 'string' ? [] : reply);
        if (typeof reply === 'string') full[3]! |= RCODES[reply];
        if (transport === 'tcp' || full.length <= MAX_UDP_BYTES) return full;
        const cut = encode(query, question, []);
        cut.writeUInt16BE(cut.readUInt16BE(2) | TRUNCATED, 2);
        return cut;
    }

    /** Returns no records for a name that has some of another type. Other names do not exist. */
    private noData(name: string): DnsReply {
        const ofName = [...this.replies].filter(([key]) => key.endsWith(` ${name.toLowerCase()}`));
        return ofName.some(([, reply]) => reply !== 'NXDOMAIN') ? [] : 'NXDOMAIN';
    }
}

/**
 * Makes this process ask the server instead of the DNS servers of the system, for queries and for
 * the names of sockets. Returns a function that undoes it.
 */
export function redirectDns({ port }: { port: number }): () => void {
    const { promises, lookup } = dns;
    const { Resolver, lookup: lookupLater } = promises;
    class Redirected extends Resolver {
        constructor(options?: dns.ResolverOptions) {
            super(options);
            this.setServers([`127.0.0.1:${port}`]);
        }
    }
    const resolveAll = async (host: string): Promise<dns.LookupAddress[]> => {
        const resolver = new Redirected({ timeout: 1000, tries: 2 });
        const [four, six] = await Promise.all([
            resolver.resolve4(host).catch(() => []),
            resolver.resolve6(host).catch(() => []),
        ]);
        const all = [...four.map(address => ({ address, family: 4 })), ...six.map(address => ({ address, family: 6 }))];
        if (all.length > 0) return all;
        throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
    };
    type Callback = (
        error: NodeJS.ErrnoException | null,
        found?: dns.LookupAddress[] | string,
        family?: number,
    ) => void;
    const redirected = (host: string, ...rest: [dns.LookupOptions, Callback] | [Callback]): void => {
        const callback = rest.at(-1) as Callback;
        const options = rest.length === 2 ? rest[0] : {};
        // Listeners take this way with their addresses.
        if (net.isIP(host) !== 0) return lookup(host, options, callback);
        resolveAll(host).then(
            all => (options.all ? callback(null, all) : callback(null, all[0]!.address, all[0]!.family)),
            (error: NodeJS.ErrnoException) => callback(error),
        );
    };
    Object.assign(promises, { Resolver: Redirected, lookup: resolveAll });
    Object.assign(dns, { lookup: redirected });
    return () => {
        Object.assign(promises, { Resolver, lookup: lookupLater });
        Object.assign(dns, { lookup });
    };
}

function readName(buffer: Buffer, at: number): { name: string; end: number } {
    const labels: string[] = [];
    while (buffer[at] !== 0) {
        labels.push(buffer.toString('latin1', at + 1, at + 1 + buffer[at]!));
        at += 1 + buffer[at]!;
    }
    return { name: labels.join('.'), end: at + 1 };
}

function encode(query: Buffer, question: Buffer, records: readonly DnsRecord[]): Buffer {
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    return Buffer.concat([header, question, ...records.map(encodeRecord)]);
}

function encodeRecord([type, text]: DnsRecord): Buffer {
    const data = encodeData(type, text);
    const head = Buffer.alloc(12);
    // The name of each record is that of the question.
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(TYPES[type], 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(5, 6);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
}

function encodeData(type: DnsType, text: string): Buffer {
    if (type === 'A') return Buffer.from(text.split('.').map(Number));
    if (type === 'TXT') return Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
    if (type === 'AAAA') {
        const [head, tail] = text.split('::').map(part => part.split(':').filter(Boolean));
        const zeros = new Array<string>(8 - head!.length - (tail?.length ?? 0)).fill('0');
        return Buffer.from([...head!, ...zeros, ...(tail ?? [])].map(word => word.padStart(4, '0')).join(''), 'hex');
    }
    if (type === 'CNAME') return encodeName(text);
    const colon = text.lastIndexOf(':');
    const head = Buffer.alloc(6);
    head.writeUInt16BE(10, 0);
    head.writeUInt16BE(33, 2);
    head.writeUInt16BE(Number(text.slice(colon + 1)), 4);
    return Buffer.concat([head, encodeName(text.slice(0, colon))]);
}

function encodeName(name: string): Buffer {
    const labels = name.split('.').filter(Boolean);
    return Buffer.concat([
        ...labels.flatMap(label => [Buffer.from([label.length]), Buffer.from(label)]),
        Buffer.from([0]),
    ]);
}
