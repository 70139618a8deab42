import { randomOf } from '../../support/random';
import { useOpener } from '../../support/Opener';
import { countsOf, listed, listOf } from '../histories/report';
import { FaultSource } from '../proxy/FaultSource';
import { IN_ORDER, StallingProxy, type Mode } from '../proxy/StallingProxy';
import { soakMs } from '../soakMs';
import { Writers } from './Writers';

const PROCESSES = 4;
const GROUPS = 12;
const TIMEOUT_MS = 250;
const RUN_MS = soakMs(7000);

/**
 * Writes the values of a key one after another, and awaits each write.
 *
 * An acknowledged write never reappears in either mode. The client retries a store only if the
 * server cannot execute its first copy any more.
 *
 * A rejected write has an unknown outcome, and may be late. A call may time out on a connection
 * that still answers, and the server executes the call later. The test counts and prints late
 * writes.
 *
 * In mode `middlebox` the path delivers requests that the client has abandoned. A retried removal
 * may then leave a miss, which the test counts and prints too.
 */
describe.each<Mode>(['network', 'middlebox'])('a client whose connections stall (%s)', mode => {
    const opener = useOpener();

    it('never undoes a completed write', async () => {
        const server = await opener.server({ args: IN_ORDER });
        const proxy = await opener.ending(StallingProxy.start(server, mode));
        const writers = new Writers(PROCESSES, GROUPS, TIMEOUT_MS);
        opener.atEnd(() => writers.kill());
        const faults = new FaultSource([proxy], TIMEOUT_MS, randomOf(`stalls ${mode}`));
        const random = randomOf(`hand-overs ${mode}`);

        await writers.start(proxy.port);
        const end = performance.now() + RUN_MS;
        const isOver = (): boolean => performance.now() >= end;
        await Promise.all([faults.run(isOver), writers.handOverNowAndThen(isOver, random)]);
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
        if (mode === 'network') expect(listOf(findings, 'repeated', 'vanished')).toEqual([]);
        expect(writers.calls).toBeGreaterThan(RUN_MS / 10);
        expect(faults.counts.get('stall')).toBeGreaterThan(0);
        expect(writers.handOvers).toBeGreaterThan(0);
    });
});
