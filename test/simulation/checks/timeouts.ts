import type { Run } from '../schedule/runPlan';
import { codeOf } from '../schedule/Ledger';
import { valueOf } from '../workload/values';
import { Truth } from './Truth';

/** What keeps no reply from a process, or only by holding the process itself. */
const HARMLESS = new Set(['skip', 'evict', 'clock', 'hold', 'kill', 'list', 'discovery']);
/** Of one segment. */
const SMALL_BYTES = 100;

/** A reply that has come in time is no timeout, however late the process reads it. */
export function checkTimeouts(run: Run, report: (violation: string) => void): void {
    const {
        service: { plan },
        ledger,
    } = run;
    if (plan.faults.some(({ kind }) => !HARMLESS.has(kind))) return;
    const truth = new Truth(run);
    for (const { step, process, startMs, error } of ledger.entries) {
        if (codeOf(error) !== 'TIMEOUT' || step.bytes > SMALL_BYTES || step.keys.length !== 1) continue;
        const replyMs = (execution: { atMs: number }): number => execution.atMs + plan.latencyMs + plan.jitterMs + 1;
        const carriedOut = truth.carriedOut(step.keys[0]!, valueOf(step));
        if (carriedOut.some(one => replyMs(one) < startMs + plan.client.requestTimeoutMs))
            report(`${process} #${step.id} ${step.verb} timed out, and was answered in time`);
    }
}
