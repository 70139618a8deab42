import type { Fault, Link } from '../support/proxy/FaultProxy';
import { HEADER_BYTES, claiming, opaqueOf, replyFrame, withOpaque } from '../support/proxy/frames';

/** Accepts, swallows, never answers. */
export const blackHole: Fault = {
    request() {},
    reply() {},
    mute: true,
};

/** Connections are reset as soon as they are there. */
export const resetting: Fault = {
    strike: link => link.reset(),
    accept: link => link.reset(),
    reply() {},
};

/** Only the connections of this moment are reset. */
export const resettingOnce: Fault = {
    strike(link) {
        link.held.length = 0;
        link.reset();
    },
};

/** Only the connections of this moment end, with a FIN, as those of a server with an idle timeout do. */
export const endingOnce: Fault = {
    strike(link) {
        link.held.length = 0;
        link.end();
    },
};

/** Every reply is late; their order is kept. */
export function late(ms: number): Fault {
    return {
        reply(link, frame) {
            // What is still under way when a test ends keeps nothing alive.
            setTimeout(() => link.toClient(frame), ms).unref();
        },
    };
}

/** Replies arrive in pieces, each in a turn of its own. */
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

/** Of each connection's next reply one half, and after that … */
export function halfThen(after: 'silence' | 'end' | 'reset'): Fault {
    const halved = new WeakSet<Link>();
    return {
        reply(link, frame) {
            if (halved.has(link)) return;
            halved.add(link);
            link.toClient(frame.subarray(0, frame.length >> 1));
            if (after === 'end') link.end();
            // Data and a reset that arrive together look like a FIN to Node: let the half be read first.
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

/** Something else instead of each reply. */
export function replacing(other: (frame: Buffer) => Buffer): Fault {
    return {
        reply(link, frame) {
            link.toClient(other(frame));
        },
    };
}

/** The same bytes in every run, and no two replies alike. None begins as a frame does. */
function garbage(frame: Buffer): Buffer {
    const bytes = Buffer.alloc(frame.length + 5);
    let state = opaqueOf(frame) | 1;
    for (let at = 0; at < bytes.length; at++) {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        bytes[at] = state >>> 24;
    }
    bytes[0] = 0x42;
    return bytes;
}

export const talkingGarbage: Fault = replacing(garbage);
export const talkingText: Fault = replacing(() => Buffer.from('ERROR\r\n'));

/** A body larger than any value is announced. */
export const lyingHuge: Fault = replacing(frame => claiming(frame, 0xfffffff0));

/** A body that could be, but does not come, is announced: whoever believes it waits for it, or makes room for it. */
export const lyingLong: Fault = replacing(frame => claiming(frame, 512 * 1024 * 1024));

/** A body shorter than its own extras is announced; what follows is read as the next header by whoever believes it. */
export const lyingShort: Fault = replacing(frame =>
    frame.length > HEADER_BYTES + 4
        ? claiming(frame, 2)
        : replyFrame({ opaque: opaqueOf(frame), body: Buffer.from('??') }),
);

/** Each reply is preceded by one to a request that nobody sent, with a value in it that belongs to nobody. */
export const answeringStrangers: Fault = {
    reply(link, frame) {
        const stranger = replyFrame({ extras: Buffer.alloc(4), body: Buffer.from('nobody asked for this') });
        stranger[1] = frame[1] ?? 0;
        link.toClient(withOpaque(stranger, opaqueOf(frame) ^ 0x40000000));
        link.toClient(frame);
    },
};
