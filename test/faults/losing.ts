import type { Fault, Link } from './FaultProxy';

/** Where the next request of this kind, or its reply, is lost. */
export type Point = 'the request' | 'the reply' | 'half of the reply';
export type End = 'a reset' | 'silence';

/** Loses `times` requests with this opcode, or their replies; all others pass. */
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

const points: Point[] = ['the request', 'the reply', 'half of the reply'];
export const losses = points.flatMap(point => (['a reset', 'silence'] as End[]).map(end => [point, end] as const));
