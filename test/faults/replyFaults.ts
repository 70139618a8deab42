import type { Fault, Link } from '../support/proxy/FaultProxy';
import { HEADER_BYTES, isFrame, opaqueOf, replyFrame, withOpaque } from '../support/proxy/binaryFrames';
import { claimingBytes } from '../support/proxy/messages';
import { strangerReply } from '../support/proxy/textMessages';

/** A server that accepts connections and requests, and never replies. */
export const blackHole: Fault = {
    request() {},
    reply() {},
    mute: true,
};

/** A reset of all connections, including new connections right after they open. */
export const resetting: Fault = {
    strike: link => link.reset(),
    accept: link => link.reset(),
    reply() {},
};

/** A reset of only the current connections. */
export const resettingOnce: Fault = {
    strike(link) {
        link.held.length = 0;
        link.reset();
    },
};

/** The end of only the current connections, by a FIN, as from a server with an idle timeout. */
export const endingOnce: Fault = {
    strike(link) {
        link.held.length = 0;
        link.end();
    },
};

/** Returns a fault that delays every reply and keeps the order of replies. */
export function late(ms: number): Fault {
    return {
        reply(link, frame) {
            // A pending timer must not keep the process alive after a test.
            setTimeout(() => link.toClient(frame), ms).unref();
        },
    };
}

/** Returns a fault that delivers replies in pieces, each in a separate turn. */
export function inPieces(bytes: number): Fault {
    const queues = new WeakMap<Link, Buffer[]>();
    function drain(link: Link, queue: Buffer[]): void {
        const piece = queue.shift();
        if (piece === undefined) {
            queues.delete(link);
            return;
        }
        link.toClient(piece);
        setImmediate(drain, link, queue);
    }
    return {
        reply(link, frame) {
            const pieces: Buffer[] = [];
            for (let at = 0; at < frame.length; at += bytes) pieces.push(frame.subarray(at, at + bytes));
            const waiting = queues.get(link);
            if (waiting !== undefined) {
                waiting.push(...pieces);
                return;
            }
            queues.set(link, pieces);
            setImmediate(drain, link, pieces);
        },
    };
}

/**
 * Returns a fault that delivers half of the next reply on each connection, then is silent, ends or
 * resets.
 */
export function halfThen(after: 'silence' | 'end' | 'reset'): Fault {
    const halved = new WeakSet<Link>();
    return {
        reply(link, frame) {
            if (halved.has(link)) return;
            halved.add(link);
            link.toClient(frame.subarray(0, frame.length >> 1));
            if (after === 'end') link.end();
            // Node reports data and a reset that arrive together as a FIN, so the client must read
            // the half first.
            if (after === 'reset') setTimeout(() => link.reset(), 5);
        },
        mute: after === 'silence',
    };
}

export const duplicated: Fault = {
    reply(link, frame) {
        link.toClient(frame);
        link.toClient(frame);
    },
};

/** Returns a fault that sends a different frame instead of each reply. */
export function replacing(other: (frame: Buffer) => Buffer): Fault {
    return {
        reply(link, frame) {
            link.toClient(other(frame));
        },
    };
}

/** Returns reproducible bytes that depend on the reply and never begin like one. */
function garbage(frame: Buffer): Buffer {
    const bytes = Buffer.alloc(frame.length + 5);
    let state = frame.reduce((sum, byte) => sum * 31 + byte, 0) >>> 0;
    for (let at = 0; at < bytes.length; at++) {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        bytes[at] = state >>> 24;
    }
    bytes[0] = 0x42;
    return bytes;
}

export const talkingGarbage: Fault = replacing(garbage);
export const talkingText: Fault = replacing(() => Buffer.from('ERROR\r\n'));

/** A reply that announces a body larger than any value. */
export const lyingHuge: Fault = replacing(reply => claimingBytes(reply, 0xfffffff0));

/**
 * A reply that announces a valid body length, without the body. A naive client waits or allocates
 * for the body.
 */
export const lyingLong: Fault = replacing(reply => claimingBytes(reply, 512 * 1024 * 1024));

/**
 * A reply that announces a body shorter than its own extras, or too short a value. A naive client
 * reads the rest as the next reply.
 */
export const lyingShort: Fault = replacing(reply =>
    isFrame(reply) && reply.length <= HEADER_BYTES + 4
        ? replyFrame({ opaque: opaqueOf(reply), body: Buffer.from('??') })
        : claimingBytes(reply, 2),
);

/**
 * An additional reply before each reply, with another value, to a request that the client has not
 * sent.
 */
export const answeringStrangers: Fault = {
    reply(link, reply) {
        link.toClient(strangerTo(reply));
        link.toClient(reply);
    },
};

function strangerTo(reply: Buffer): Buffer {
    const value = 'an answer without a request';
    if (!isFrame(reply)) return strangerReply(value, reply);
    const stranger = replyFrame({ opcode: reply[1], extras: Buffer.alloc(4), body: Buffer.from(value) });
    return withOpaque(stranger, opaqueOf(reply) ^ 0x40000000);
}
