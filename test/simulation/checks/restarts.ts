import { codeOf } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { reconnectingMs } from '../workload/reconnecting';
import { World } from '../world/World';
import { FAULTS, HARMLESS, isUnanswered, isUnlimited } from './settling';

/** A client may notice a restart, and the end of the downtime, at one attempt each. */
const MAX_ATTEMPTS = 2;

/**
 * Checks that calls fail only around a restart, also if the server returns as another build that
 * speaks another protocol.
 */
export function checkRestarts(run: Run, report: (violation: string) => void): void {
    const { service, ledger, processes } = run;
    const { plan, recoveries } = service;
    const harms = plan.faults.filter(({ kind }) => !HARMLESS.has(kind));
    if (!isUnlimited(plan) || harms.some(({ kind }) => kind !== 'restart')) return;
    for (const { name, protocol, loop } of processes) {
        const afterMs = reconnectingMs(plan.client, protocol) + loop.heldMs;
        const outages = harms.map(fault => {
            const fromMs = World.START_MS + fault.atMs;
            return { fromMs, toMs: fromMs + (fault.kind === 'restart' ? fault.downMs : 0) + afterMs };
        });
        for (const entry of ledger.entries) {
            const { step, process, error, startMs, endMs } = entry;
            if (process !== name || !FAULTS.has(codeOf(error) ?? '') || isUnanswered(entry, run)) continue;
            if (!outages.some(({ fromMs, toMs }) => startMs <= toMs && endMs >= fromMs))
                report(`${name} #${step.id} ${step.verb} failed without a restart: ${error!.message}`);
        }
        const attempts = recoveries.get(name) ?? 0;
        if (attempts > MAX_ATTEMPTS) report(`${name} needed ${attempts} attempts after a restart`);
    }
}
