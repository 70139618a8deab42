import { useOpener } from '../../support/Opener';
import { listed } from '../histories/report';
import { soakMs } from '../soakMs';
import { countsOf, storiesOf } from './findings';
import { Trial } from './Trial';

const RUN_MS = soakMs(20_000);

describe('Caches of several processes', () => {
    const opener = useOpener();

    it('keep what docs/cache.md promises, whatever happens to servers, connections and processes', async () => {
        const trial = new Trial(opener);
        await trial.run(RUN_MS, { maxSize: 4, clearEveryMs: 8000 });
        const { chronicle, workers, faults, disasters } = trial;
        const findings = chronicle.findings();
        const operations = [...workers.operations.values()].reduce((a, b) => a + b, 0);
        process.stdout.write(
            [
                `caches: ${operations} operations in ${RUN_MS / 1000} s (${listed(workers.operations)})`,
                `${chronicle.answerCount} answers`,
                `faults: ${listed(faults.counts)}; ${listed(disasters.counts)}`,
                `rejected: ${listed(workers.codes)}`,
                `violations: ${countsOf(findings)}`,
            ].join('\n    ') + '\n',
        );
        expect(storiesOf(chronicle, findings)).toEqual([]);
        expect(operations).toBeGreaterThan(RUN_MS);
    });
});
