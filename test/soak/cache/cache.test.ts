import { useOpener } from '../../support/Opener';
import { listed } from '../histories/report';
import { soakMs } from '../soakMs';
import type { Event } from './events';
import { countsOf, storiesOf } from './findings';
import { Trial } from './Trial';

/** A longer run has several rounds, each with separate servers and processes. */
const LONGEST_ROUND_MS = 60_000;
/** The time for the start, the end and the checks of a round. */
const OVERHEAD_MS = 60_000;
const RUN_MS = soakMs(25_000);
const ROUND_MS = Math.min(LONGEST_ROUND_MS, RUN_MS);
const MAX_SIZE = 4;

const rounds = Array.from({ length: Math.ceil(RUN_MS / ROUND_MS) }, (_, round) => round);
const isAnswer = ({ what }: Event): boolean => ['found', 'counted', 'asked'].includes(what);

describe.each([false, true])('MemcachedCache in several processes with options.clear: %s', clears => {
    const opener = useOpener();

    it.each(rounds)(
        'keeps the promises of docs/cache.md under faults of servers, connections and processes (round %i)',
        async round => {
            const trial = new Trial(opener, { round, maxSize: MAX_SIZE, clears });
            await trial.run(ROUND_MS);
            const { chronicle, workers, faults, disasters } = trial;
            const findings = chronicle.findings();
            const operations = [...workers.operations.values()].reduce((a, b) => a + b, 0);
            process.stdout.write(
                [
                    `caches: ${operations} operations in ${ROUND_MS / 1000} s (${listed(workers.operations)})`,
                    `${chronicle.count(isAnswer)} answers; ${chronicle.count(({ what }) => what === 'cleared')} clears`,
                    `faults: ${listed(faults.counts)}; ${listed(disasters.counts)}`,
                    `rejected: ${listed(workers.codes)}`,
                    `violations: ${countsOf(findings)}`,
                ].join('\n    ') + '\n',
            );
            expect(storiesOf(chronicle, findings)).toEqual([]);
            expect(operations).toBeGreaterThan(ROUND_MS / 4);
        },
        ROUND_MS + OVERHEAD_MS,
    );
});
