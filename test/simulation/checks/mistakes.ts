import { BAD_KEY } from '../schedule/mistakes';
import { codeOf } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { valueOf } from '../workload/values';
import { Truth } from './Truth';

/** `publish` while another process is at it, the others where there is no CAS. */
const MAY_DO_NOTHING = new Set(['publish', 'casSet', 'casDelete']);

/** A key that is invalid is an error before anything is sent, also of one key in a batch. */
export function checkMistakes(run: Run, report: (violation: string) => void): void {
    const truth = new Truth(run);
    for (const { step, process, fullKeys, error, endMs } of run.ledger.entries) {
        if (!step.keys.includes(BAD_KEY) || endMs === Infinity) continue;
        const what = `${process} #${step.id} ${step.verb} ${step.keys.join(', ')}`;
        const code = codeOf(error);
        const isCalled = code !== null || !MAY_DO_NOTHING.has(step.verb);
        if (isCalled && code !== 'INVALID_KEY' && code !== 'NOT_OPENED')
            report(`${what}: was taken for valid (${code})`);
        fullKeys.forEach((key, i) => {
            const sent = [valueOf(step, i), JSON.stringify(valueOf(step, i))];
            if (sent.some(value => truth.carriedOut(key, value).length > 0)) report(`${what}: ${key} was written`);
        });
    }
    if (run.service.source.runs.some(({ key }) => key === BAD_KEY)) report(`${BAD_KEY} was loaded`);
}
