import { useOpener } from '../../support/Opener';
import { listed } from '../histories/report';
import { soakMs } from '../soakMs';
import type { Event } from './events';
import { countsOf, storiesOf } from './findings';
import { Trial } from './Trial';

const RUN_MS = soakMs(45_000);
/** A longer run consists of rounds, each with its own servers and processes. */
const LONGEST_ROUND_MS = 60_000;
/** For the start and the end of a round, and the judgement. */
const OVERHEAD_MS = 60_000;

const rounds = Array.from({ length: Math.ceil(RUN_MS / LONGEST_ROUND_MS) }, (_, round) => round);

const isAnswer = ({ what }: Event): boolean => ['found', 'counted', 'asked'].includes(what);

describe('Caches of several processes', () => {
    const opener = useOpener();

    it.each(rounds)(
        'keep what docs/cache.md promises, whatever happens to servers, connections and processes (round %i)',
        async round => {
            const trial = new Trial(opener);
            const roundMs = Math.min(LONGEST_ROUND_MS, RUN_MS);
            await trial.run(roundMs, { round, maxSize: 4, clearEveryMs: 1500 });
            const { chronicle, workers, faults, disasters } = trial;
            const findings = chronicle.findings();
            const operations = [...workers.operations.values()].reduce((a, b) => a + b, 0);
            process.stdout.write(
                [
                    `caches: ${operations} operations in ${roundMs / 1000} s (${listed(workers.operations)})`,
                    `${chronicle.count(isAnswer)} answers; ${chronicle.count(({ what }) => what === 'cleared')} clears`,
                    `faults: ${listed(faults.counts)}; ${listed(disasters.counts)}`,
                    `rejected: ${listed(workers.codes)}`,
                    `violations: ${countsOf(findings)}`,
                ].join('\n    ') + '\n',
            );
            expect(storiesOf(chronicle, findings)).toEqual([]);
            expect(operations).toBeGreaterThan(roundMs / 4);
        },
        LONGEST_ROUND_MS + OVERHEAD_MS,
    );
});
