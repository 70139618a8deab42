import type { Fault, Link } from './FaultProxy';

/** What is lost of the next request of a kind. */
export type Point = 'the request' | 'the reply' | 'half of the reply';
export type End = 'a reset' | 'silence';

export const losses = (['the request', 'the reply', 'half of the reply'] as const).flatMap(point =>
    (['a reset', 'silence'] as const).map(end => [point, end] as [Point, End]),
);

/** Loses `times` requests that begin with this opcode, or their replies; all others pass. */
export function losing(opcode: number, point: Point, end: End, times = 1): Fault {
    let left = times;
    const hit = new WeakSet<Link>();
    const finish = (link: Link): void => {
        // What was written should be read before the reset.
        if (end === 'a reset') setTimeout(() => link.reset(), 5);
    };
    return {
        request(link, chunk) {
            if (hit.has(link)) return;
            if (chunk[1] !== opcode || left === 0) return link.toServer(chunk);
            left--;
            hit.add(link);
            if (point === 'the request') finish(link);
            else link.toServer(chunk);
        },
        reply(link, frame) {
            if (!hit.has(link)) return link.toClient(frame);
            if (point === 'half of the reply') link.toClient(frame.subarray(0, frame.length >> 1));
            finish(link);
        },
    };
}
