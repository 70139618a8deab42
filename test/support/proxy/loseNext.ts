import type { Opener } from '../Opener';
import { SideBySide } from '../sideBySide';
import type { Fault, FaultProxy, Link } from './FaultProxy';
import { verbOf } from './messages';
import type { Verb } from './verbs';

/** The lost part of a request and its reply. */
export type Point = 'the request' | 'the reply' | 'half of the reply';
export type End = 'a reset' | 'silence';

export const losses = (['the request', 'the reply', 'half of the reply'] as const).flatMap(point =>
    (['a reset', 'silence'] as const).map(end => [point, end] as [Point, End]),
);

/** Loses `times` writes that start with this verb, or their replies, and passes all others. */
export function losing(verb: Verb, point: Point, end: End, times = 1): Fault {
    let left = times;
    const hit = new WeakSet<Link>();
    const answered = new WeakSet<Link>();
    const finish = (link: Link): void => {
        // The delay lets the client read the written data before the reset.
        if (end === 'a reset') setTimeout(() => link.reset(), 5);
    };
    return {
        request(link, chunk) {
            if (hit.has(link)) return;
            if (verbOf(chunk) !== verb || left === 0) return link.toServer(chunk);
            left--;
            hit.add(link);
            if (point === 'the request') finish(link);
            else link.toServer(chunk);
        },
        reply(link, frame) {
            if (!hit.has(link)) return link.toClient(frame);
            // Halves of further replies would show that a reply is incomplete.
            if (answered.has(link)) return;
            answered.add(link);
            if (point === 'half of the reply') link.toClient(frame.subarray(0, frame.length >> 1));
            finish(link);
        },
    };
}

/** The tools of a test of a lost message. The tools belong to one test, and end with that test. */
export interface LossContext {
    readonly point: Point;
    readonly end: End;
    readonly open: Opener;
    readonly proxy: FaultProxy;
    /** A key that no other test uses. */
    readonly key: string;
    /** Loses the next `times` writes that start with this verb, or their replies. */
    lose(verb: Verb, times?: number): void;
}

type LossTest = (context: LossContext) => Promise<void>;

/**
 * Defines the same tests for each of the six kinds of loss. The six tests with the same name run
 * concurrently because they mostly wait.
 */
export function describeEachLoss(
    server: { readonly port: number },
    define: (it: (name: string, test: LossTest) => void, point: Point, end: End) => void,
): void {
    const groups = new Map<string, SideBySide>();
    describe.each(losses)('loss of %s, followed by %s', (point, end) => {
        const itLoses = (name: string, test: LossTest): void => {
            const group = groups.get(name) ?? new SideBySide();
            groups.set(name, group);
            group.it(name, async open => {
                const proxy = await open.faultProxy(server);
                const lose = (verb: Verb, times = 1): void => proxy.begin(losing(verb, point, end, times));
                await test({ point, end, open, proxy, key: open.key, lose });
            });
        };
        define(itLoses, point, end);
    });
}
