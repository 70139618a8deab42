import { randomOf } from '../../support/random';
import { sleep } from '../../support/sleep';
import { useOpener } from '../../support/Opener';
import { countsOf, listed, listOf } from '../histories/report';
import { FaultSource } from '../proxy/FaultSource';
import { StallingProxy, type Mode } from '../proxy/StallingProxy';
import { Writers } from './Writers';

const PROCESSES = 4;
const GROUPS = 12;
const TIMEOUT_MS = 250;
const RUN_MS = Number(process.env.SOAK_MS ?? 7000);
/** One thread, which carries out what a connection has sent in one go: in the order of arrival. */
const IN_ORDER = ['-t', '1', '-R', '1000'];

/**
 * Values of one key are written one after another, and each write is awaited.
 *
 * An acknowledged write never comes back, in either mode: the client sends it again only when its
 * first copy cannot be carried out any more. A rejected write may be carried out later. On plain
 * TCP the client takes it back by a reset, so in mode `network` it is never late. A middlebox
 * delivers it, so there the late ones are counted, and so are the misses that a late removal
 * leaves.
 */
describe.each<Mode>(['network', 'middlebox'])('Four processes over connections that stall (%s)', mode => {
    const opener = useOpener();

    it('never read what a completed store or removal has replaced', async () => {
        const server = await opener.server({ args: IN_ORDER });
        const proxy = await StallingProxy.start(server, mode);
        opener.atEnd(() => proxy.end());
        const writers = new Writers(PROCESSES, GROUPS, TIMEOUT_MS);
        opener.atEnd(() => writers.kill());
        const faults = new FaultSource([proxy], TIMEOUT_MS, randomOf(`stalls ${mode}`));
        const random = randomOf(`hand-overs ${mode}`);

        await writers.start(proxy.port);
        let isOver = false;
        const running = faults.run(RUN_MS).finally(() => (isOver = true));
        while (!isOver) {
            writers.handOver(random);
            await sleep(random() * 500);
        }
        await running;
        await writers.stop();

        const findings = writers.histories.findings();
        process.stdout.write(
            [
                `undone writes, ${mode}: ${writers.calls} calls in ${RUN_MS / 1000} s, ${writers.histories.readCount} values read`,
                `faults: ${listed(faults.counts)}; ${writers.handOvers} hand-overs`,
                `rejected: ${listed(writers.codes)}`,
                countsOf(findings),
            ].join('\n    ') + '\n',
        );
        expect(listOf(findings, 'undone', 'invented')).toEqual([]);
        if (mode === 'network') expect(listOf(findings, 'late', 'vanished')).toEqual([]);
        expect(writers.calls).toBeGreaterThan(RUN_MS / 10);
        expect(faults.counts.get('stall')).toBeGreaterThan(0);
        expect(writers.handOvers).toBeGreaterThan(0);
    });
});
