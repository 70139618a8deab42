import { once } from 'node:events';
import { join } from 'node:path';

import { forkSource } from '../support/forkSource';
import { useOpener, useServer } from '../support/Opener';
import type { FaultProxy } from '../support/proxy/FaultProxy';
import type { Step, Story } from './exitChild';
import { blackHole, halfThen, resetting } from './replyFaults';

/** Far below the minute after which the child's own timers, were one left, would let it go. */
const EXIT_MS = 2000;

type Breaks = () => void | Promise<void>;
const nothing: Breaks = () => {};

describe('After close a process ends by itself,', () => {
    const server = useServer();
    const open = useOpener();
    let proxy: FaultProxy;

    beforeEach(async () => {
        proxy = await open.faultProxy(server);
    });

    /** How the child ended, and the ms that it took for it after `close` had resolved. */
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
        ['with nothing in flight', 'idle', nothing],
        ['with calls in flight', 'calls in flight', nothing],
        ['closed while it opens', 'opening', nothing],
        ['with calls in a black hole', 'server breaks', () => proxy.begin(blackHole)],
        ['with half a reply', 'server breaks', () => proxy.begin(halfThen('silence'))],
        ['with connections that are reset', 'server breaks', () => proxy.begin(resetting)],
        ['with connections that are refused', 'server breaks', () => proxy.refuse()],
        ['when nobody was there', 'nobody there', nothing],
    ])('%s', async (_, story, breaks) => {
        if (story === 'nobody there') await proxy.refuse();
        const { code, ms } = await run(story, breaks);
        expect(code).toBe(0);
        expect(ms).toBeLessThan(EXIT_MS);
    });
});
