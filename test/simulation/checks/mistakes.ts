import { BAD_KEY } from '../schedule/mistakes';
import { codeOf } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { valueOf } from '../workload/values';
import { Truth } from './Truth';

/**
 * Verbs that may send no request. `publish` sends none during another publication. The other verbs
 * send none without CAS.
 */
const MAY_SEND_NOTHING = new Set(['publish', 'casSet', 'casDelete']);

/**
 * Checks that the package rejects an invalid key before it sends a request, even for one key of a
 * batch.
 */
export function checkMistakes(run: Run, report: (violation: string) => void): void {
    const truth = new Truth(run);
    for (const { step, process, fullKeys, error, endMs } of run.ledger.entries) {
        if (!step.keys.includes(BAD_KEY) || endMs === Infinity) continue;
        const call = `${process} #${step.id} ${step.verb} ${step.keys.join(', ')}`;
        const code = codeOf(error);
        const isCalled = code !== null || !MAY_SEND_NOTHING.has(step.verb);
        if (isCalled && code !== 'INVALID_KEY' && code !== 'NOT_OPENED')
            report(`${call}: expected INVALID_KEY, got ${code}`);
        fullKeys.forEach((key, i) => {
            const sent = [valueOf(step, i), JSON.stringify(valueOf(step, i))];
            if (sent.some(value => truth.executed(key, value).length > 0)) report(`${call}: ${key} was written`);
        });
    }
    if (run.service.source.runs.some(({ key }) => key === BAD_KEY)) report(`${BAD_KEY} was loaded`);
}
