import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import { sleep } from '../support/sleep';
import { Fleet } from './Fleet';

/**
 * Expects that the first server answers all calls again, and that the other servers have never
 * failed.
 */
async function expectRecovery({ first, others, stop }: ReturnType<Fleet['load']>): Promise<void> {
    await sleep(300);
    first.errors.length = 0;
    await sleep(200);
    await stop();
    expect(first.errors).toEqual([]);
    expect(others).toMatchObject({ errors: [], misses: 0 });
}

/** Tests the cost of losing one server of several. */
export function describeFleet(count: number): void {
    describe(`one of ${count} servers`, () => {
        const open = useOpener();

        it('fails only its own calls, at once, when killed and restarted', async () => {
            const fleet = await Fleet.open(open, count);
            const load = fleet.load();
            await sleep(200);
            await fleet.first.kill();
            await fleet.until('down');
            load.first.errors.length = 0;
            await sleep(300);
            expect(new Set(load.first.errors)).toEqual(new Set(['SERVER_DOWN']));

            const mine = fleet.keys.filter(key => fleet.isOfFirst(key));
            const begun = performance.now();
            for (let i = 0; i < 200; i++)
                expect(await codeOf(fleet.client.get(mine[i % mine.length]!))).toBe('SERVER_DOWN');
            // A call that waits takes a second.
            expect(performance.now() - begun).toBeLessThan(5000);

            await fleet.first.restart();
            await fleet.until('up');
            await expectRecovery(load);
            expect(load.others.calls).toBeGreaterThan(1000);
            expect(fleet.heard).toEqual(['down', 'up']);
        });

        it('fails no calls of the other servers when suspended for a while', async () => {
            const fleet = await Fleet.open(open, count, { requestTimeoutMs: 300, failures: 2 });
            const load = fleet.load();
            await sleep(100);
            await fleet.first.stop();
            await fleet.until('down');
            await sleep(200);
            fleet.first.continue();
            await fleet.until('up');
            await expectRecovery(load);
        });
    });
}
