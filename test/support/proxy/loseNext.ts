import type { Opener } from '../Opener';
import { SideBySide } from '../sideBySide';
import type { Fault, FaultProxy, Link } from './FaultProxy';

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

/** What a test of a lost message works with. All of it is the test's own, and ends with the test. */
export interface LossContext {
    readonly point: Point;
    readonly end: End;
    readonly open: Opener;
    readonly proxy: FaultProxy;
    /** A key that no other test uses. */
    readonly key: string;
    /** Loses the next `times` requests that begin with this opcode, or their replies. */
    lose(opcode: number, times?: number): void;
}

type LossTest = (context: LossContext) => Promise<void>;

/**
 * Defines the same tests for each of the six kinds of loss. The six of one name run side by side:
 * they mostly wait.
 */
export function describeEachLoss(
    server: { readonly port: number },
    define: (it: (name: string, test: LossTest) => void, point: Point, end: End) => void,
): void {
    const groups = new Map<string, SideBySide>();
    describe.each(losses)('when %s is lost, followed by %s,', (point, end) => {
        const itLoses = (name: string, test: LossTest): void => {
            const group = groups.get(name) ?? new SideBySide();
            groups.set(name, group);
            group.it(name, async open => {
                const proxy = await open.faultProxy(server);
                const lose = (opcode: number, times = 1): void => proxy.begin(losing(opcode, point, end, times));
                await test({ point, end, open, proxy, key: open.key, lose });
            });
        };
        define(itLoses, point, end);
    });
}
