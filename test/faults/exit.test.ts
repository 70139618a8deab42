import { once } from 'node:events';
import { join } from 'node:path';

import { forkSource } from '../support/forkSource';
import { useOpener, useServer } from '../support/Opener';
import type { FaultProxy } from '../support/proxy/FaultProxy';
import type { Step, Story } from './exitChild';
import { blackHole, halfThen, resetting } from './replyFaults';

/** The limit is far below the minute after which a leaked timer of the child fires. */
const EXIT_MS = 2000;

type Breaks = () => void | Promise<void>;
const nothing: Breaks = () => {};

describe('a process that closes its client', () => {
    const server = useServer();
    const open = useOpener();
    let proxy: FaultProxy;

    beforeEach(async () => {
        proxy = await open.faultProxy(server);
    });

    /**
     * Returns the exit code of the child and the time from the end of `close` to its exit, in ms.
     */
    async function run(story: Story, breaks: Breaks): Promise<{ code: number; ms: number }> {
        const child = forkSource(join(__dirname, 'exitChild.ts'), [proxy.port, story]);
        let closedAt = NaN;
        child.on('message', (step: Step) => {
            if (step === 'closed') closedAt = performance.now();
            else void Promise.resolve(breaks()).then(() => child.send('broken'));
        });
        const watchdog = setTimeout(() => child.kill('SIGKILL'), 10_000);
        const [code] = (await once(child, 'exit')) as [number];
        clearTimeout(watchdog);
        return { code, ms: performance.now() - closedAt };
    }

    it.each<[string, Story, Breaks]>([
        ['nothing in flight', 'idle', nothing],
        ['calls in flight', 'calls in flight', nothing],
        ['close during open', 'opening', nothing],
        ['calls in a black hole', 'server breaks', () => proxy.begin(blackHole)],
        ['half a reply', 'server breaks', () => proxy.begin(halfThen('silence'))],
        ['reset connections', 'server breaks', () => proxy.begin(resetting)],
        ['refused connections', 'server breaks', () => proxy.refuse()],
        ['no server', 'nobody there', nothing],
    ])('exits by itself: %s', async (_, story, breaks) => {
        if (story === 'nobody there') await proxy.refuse();
        const { code, ms } = await run(story, breaks);
        expect(code).toBe(0);
        expect(ms).toBeLessThan(EXIT_MS);
    });
});
