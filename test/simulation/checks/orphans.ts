import { Outcome } from '../../../src/client/protocol/Protocol';
import type { Execution } from '../memcached/History';
import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { isUnlimited } from './settling';

/** Locks of the workload, without those of the recovery. */
const LOCK = /^lock:l\d+$/;
/** Verbs whose caller gets a lock without its token. */
const TOKENLESS = /^(tryAcquire|acquire)Lock$/;

/**
 * Checks that a component which closes after all faults leaves no lock without a holder on a
 * server.
 */
export function checkOrphans(run: Run, report: (violation: string) => void): void {
    const { plan, book } = run.service;
    // A lock does not move with its key. Without CAS the component grants no lock.
    const isMoving = plan.lists.discoveryMs > 0 || plan.faults.some(({ kind }) => kind === 'list');
    if (isMoving || !plan.hasCas || !isUnlimited(plan)) return;
    for (const { name, isDone } of run.processes) {
        const own = run.ledger.entries.filter(({ process }) => process === name);
        const closes = own.filter(({ step }) => step.verb === 'close lock');
        // An earlier close ends the search, even if the server is unavailable.
        if (!isDone || closes.length !== 1 || closes[0]!.error !== null) continue;
        const closedMs = closes[0]!.endMs;
        for (const { history } of run.servers) {
            for (const execution of history.executions) {
                const token = execution.sent.toString();
                if (!isAcquisition(execution, name) || book.records.has(token)) continue;
                if (own.some(entry => isGranted(entry, execution))) continue;
                const [state] = history.between(execution.key, closedMs, closedMs);
                if (state?.item?.value.toString() === token && state.toMs > closedMs)
                    report(`${name} left ${execution.key} of ${execution.atMs.toFixed(1)} on ${history.server}`);
            }
        }
    }
}

function isAcquisition({ key, verb, status, process }: Execution, name: string): boolean {
    return process === name && verb === 'add' && status === Outcome.OK && LOCK.test(key);
}

/** Returns whether the caller may have got this lock without its token. */
function isGranted({ step, fullKeys, result, error, startMs, endMs }: Entry, { key, atMs }: Execution): boolean {
    const isSuccess = TOKENLESS.test(step.verb) && error === null && result !== false;
    return isSuccess && fullKeys[0] === key && startMs <= atMs && endMs >= atMs;
}
