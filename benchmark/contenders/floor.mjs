import { connect as connectSocket } from 'node:net';

import { measuredRound, probeBeside, Samples } from '../measure.mjs';
import { makeKeys, makeValue } from '../values.mjs';
import { wires } from './floorWires.mjs';

/**
 * The variants of a client that does nothing, which measures the limit of the wire and the server.
 * Its requests are prepared bytes, and it only counts the bytes of the replies. `batch` is a share
 * of the calls in flight. When the server has answered this share, the client sends as many calls
 * in one write. With 1 the client waits for all replies. With 0 the client sends after every chunk
 * of replies.
 */
export const variants = [
    { sockets: 1, batch: 1 },
    { sockets: 1, batch: 0.5 },
    { sockets: 1, batch: 0 },
    { sockets: 2, batch: 1 },
    { sockets: 2, batch: 0 },
    { sockets: 4, batch: 0 },
];
export function settingFor({ verb, inFlight, valueBytes }) {
    const isMuch = inFlight >= 1000 || verb === 'getMany' || valueBytes > 1024;
    return isMuch ? variants[5] : variants[2];
}

/** Returns the calls of a case in turn, each as `{ bytes, replyBytes }`. */
function callsOf(wire, verb, keys, values, perCall) {
    const get = i => wire.get(keys[i], values[i]);
    const set = i => wire.set(keys[i], values[i]);
    const indexes = keys.map((_, i) => i);
    switch (verb) {
        case 'get':
            return indexes.map(get);
        case 'set':
            return indexes.map(set);
        case 'mixed':
            return indexes.map(i => (i % 10 === 9 ? set(i) : get(i)));
        case 'half':
            return indexes.map(i => (i % 2 === 0 ? set(i) : get(i)));
        case 'getMany': {
            const entries = keys.map((key, i) => [key, values[i]]);
            const calls = [];
            for (let from = 0; from < keys.length; from += perCall) {
                calls.push(wire.getMany(entries.slice(from, from + perCall)));
            }
            return calls;
        }
        default:
            throw new Error(`no such verb: ${verb}`);
    }
}

class RawSocket {
    #calls;
    #wire;
    #offsets;
    #socket;
    #onBytes = () => {};

    constructor(calls) {
        this.#calls = calls;
        this.#wire = Buffer.concat(calls.map(call => call.bytes));
        this.#offsets = [0];
        for (const { bytes } of calls) this.#offsets.push(this.#offsets.at(-1) + bytes.length);
    }

    async open(port) {
        await new Promise((resolve, reject) => {
            this.#socket = connectSocket({
                port,
                host: '127.0.0.1',
                noDelay: true,
                // All reads share one buffer, because the client keeps nothing.
                onread: {
                    buffer: Buffer.allocUnsafe(1 << 18),
                    callback: (count, buffer) => {
                        this.#onBytes(count, buffer);
                        return true;
                    },
                },
            });
            this.#socket.once('connect', resolve).once('error', reject);
        });
    }

    /** Sends the calls from index `from` on, whose bytes are contiguous. */
    #send(from, count) {
        const calls = this.#calls.length;
        while (count > 0) {
            const at = from % calls;
            const until = Math.min(calls, at + count);
            this.#socket.write(this.#wire.subarray(this.#offsets[at], this.#offsets[until]));
            count -= until - at;
            from += until - at;
        }
    }

    /** Returns every reply as bytes, call by call. */
    async replies(count) {
        const chunks = [];
        let missing = 0;
        for (let i = 0; i < count; i++) missing += this.#calls[i].replyBytes;
        await new Promise(resolve => {
            this.#onBytes = (length, buffer) => {
                chunks.push(Buffer.from(buffer.subarray(0, length)));
                missing -= length;
                if (missing <= 0) resolve();
            };
            this.#send(0, count);
        });
        const all = Buffer.concat(chunks);
        let at = 0;
        return this.#calls.slice(0, count).map(({ replyBytes }) => all.subarray(at, (at += replyBytes)));
    }

    /**
     * Runs a closed loop of `inFlight` calls in batches, until `seconds` have passed and every call
     * has its reply.
     */
    run(inFlight, batch, seconds, samples) {
        const calls = this.#calls;
        let sent = 0;
        let answered = 0;
        let bytes = 0;
        let stopped = false;
        // The client measures one call at a time, which is the last call of a write.
        let timedCall = -1;
        let timedFrom = 0;

        return new Promise(resolve => {
            const send = count => {
                if (timedCall < 0) {
                    timedCall = sent + count - 1;
                    timedFrom = performance.now();
                }
                this.#send(sent, count);
                sent += count;
            };
            const timer = setTimeout(() => (stopped = true), seconds * 1000);
            this.#onBytes = length => {
                bytes += length;
                let replyBytes = calls[answered % calls.length].replyBytes;
                while (bytes >= replyBytes && answered < sent) {
                    bytes -= replyBytes;
                    answered++;
                    replyBytes = calls[answered % calls.length].replyBytes;
                }
                if (timedCall >= 0 && answered > timedCall) {
                    samples.add(performance.now() - timedFrom);
                    timedCall = -1;
                }
                if (stopped) {
                    if (answered < sent) return;
                    clearTimeout(timer);
                    resolve({ calls: answered, surplus: bytes });
                    return;
                }
                const free = inFlight - (sent - answered);
                if (free >= batch) send(free);
            };
            send(inFlight);
        });
    }

    close() {
        this.#socket.destroy();
    }
}

async function openGroup(port, calls, sockets) {
    const group = Array.from({ length: sockets }, () => new RawSocket(calls));
    for (const socket of group) await socket.open(port);
    return group;
}

async function runGroup(group, inFlight, batchShare, seconds, samples) {
    const share = Math.max(1, Math.floor(inFlight / group.length));
    const batch = Math.max(1, Math.floor(share * batchShare));
    const results = await Promise.all(group.map(socket => socket.run(share, batch, seconds, samples)));
    const calls = results.reduce((sum, result) => sum + result.calls, 0);
    const isRight = results.every(result => result.surplus === 0);
    return { calls, errors: isRight ? 0 : 1, firstError: isRight ? undefined : 'more bytes than expected', samples };
}

/** Stores the values and checks that the replies contain them. */
async function fillAndCheck(wire, port, keys, values, calls) {
    const [filler] = await openGroup(port, callsOf(wire, 'set', keys, values), 1);
    await filler.replies(keys.length);
    filler.close();
    const [reader] = await openGroup(port, callsOf(wire, 'get', keys, values), 1);
    for (const [i, reply] of (await reader.replies(keys.length)).entries()) {
        if (wire.value(reply).toString('latin1') !== values[i]) throw new Error(`wrong bytes for ${keys[i]}`);
    }
    reader.close();
    const [once] = await openGroup(port, calls, 1);
    for (const reply of await once.replies(calls.length)) {
        if (!wire.isRight(reply)) throw new Error('a reply does not begin where it should');
    }
    once.close();
}

export async function openFloor(port, { sockets, batch, protocol = 'binary' }, scenario, tag) {
    const { verb, keys: count, valueBytes, inFlight, perCall, largeKeys, largeBytes } = scenario;
    const wire = wires[protocol];
    const keys = makeKeys(tag, count);
    const values = keys.map((_, i) => makeValue(i, valueBytes));
    const isProbe = verb === 'interference';
    const calls = callsOf(wire, isProbe ? 'get' : verb, keys, values, perCall);
    await fillAndCheck(wire, port, keys, values, calls);

    if (!isProbe) {
        const group = await openGroup(port, calls, Math.min(sockets, inFlight));
        const work = seconds => runGroup(group, inFlight, batch, seconds, new Samples());
        return driverOf(work, group);
    }

    const ownKeys = makeKeys(tag.toUpperCase(), largeKeys);
    const ownValues = ownKeys.map((_, i) => makeValue(i, largeBytes));
    const largeCalls = callsOf(wire, 'half', ownKeys, ownValues);
    await fillAndCheck(wire, port, ownKeys, ownValues, largeCalls);
    const large = await openGroup(port, largeCalls, 1);
    const [probe] = await openGroup(port, calls, 1);
    const work = seconds =>
        probeBeside({
            seconds,
            large: () => runGroup(large, inFlight, 0, seconds, new Samples()),
            call: () => probe.replies(1),
            isRight: ([reply]) => wire.value(reply).length === scenario.valueBytes,
        });
    return driverOf(work, [...large, probe]);
}

function driverOf(work, sockets) {
    return {
        round: times => measuredRound(work, times),
        close: () => sockets.forEach(socket => socket.close()),
    };
}
