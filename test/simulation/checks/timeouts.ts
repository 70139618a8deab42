import type { Run } from '../schedule/runPlan';
import { codeOf } from '../schedule/Ledger';
import { valueOf } from '../workload/values';
import { World } from '../world/World';
import { Truth } from './Truth';

/** Faults that delay no reply, except while they stop the process itself. */
const HARMLESS = new Set(['skip', 'evict', 'clock', 'hold', 'kill', 'list', 'discovery']);
/** Maximum size of a value that fits into one segment. */
const SMALL_BYTES = 100;

/**
 * Checks that no call times out whose reply arrives in time, even if the process reads the reply
 * late.
 */
export function checkTimeouts(run: Run, report: (violation: string) => void): void {
    const {
        service: { plan },
        ledger,
    } = run;
    // A fault that delays replies may do so until the end of the schedule.
    const delays = plan.faults.filter(({ kind }) => !HARMLESS.has(kind)).map(({ atMs }) => World.START_MS + atMs);
    const delayedMs = Math.min(...delays);
    const truth = new Truth(run);
    for (const { step, process, startMs, endMs, error } of ledger.entries) {
        if (codeOf(error) !== 'TIMEOUT' || endMs >= delayedMs) continue;
        if (step.bytes > SMALL_BYTES || step.keys.length !== 1) continue;
        const replyMs = (execution: { atMs: number }): number => execution.atMs + plan.latencyMs + plan.jitterMs + 1;
        const executed = truth.executed(step.keys[0]!, valueOf(step));
        if (executed.some(one => replyMs(one) < startMs + plan.client.requestTimeoutMs))
            report(`${process} #${step.id} ${step.verb} timed out although its reply arrived in time`);
    }
}
