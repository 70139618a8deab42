import { codeOf, type Entry } from '../schedule/Ledger';
import type { Plan } from '../schedule/Plan';
import type { Run } from '../schedule/runPlan';

/** Timers count whole milliseconds. */
const ROUNDING_MS = 1;

/** Checks that no call gives up before its time limit. */
export function checkEarlyErrors({ ledger, service }: Run, report: (violation: string) => void): void {
    for (const entry of ledger.entries) {
        const { step, process, error, startMs, endMs } = entry;
        const code = codeOf(error);
        const tookMs = endMs - startMs;
        if (tookMs >= limitOf(code, entry, service.plan) - ROUNDING_MS) continue;
        report(`${process} #${step.id} ${step.verb} failed with ${code} after ${tookMs.toFixed(1)} ms`);
    }
}

/** Returns the time that a call must take before it fails with this code, in ms. */
function limitOf(code: string | null, { step, user }: Entry, { client, cache }: Plan): number {
    if (code === 'LOCK_TIMEOUT') return step.times[1]!;
    // Calls share the fetch of a token, which may have begun before the call.
    const isShared = cache.hasClear && user.endsWith(' cache');
    return code === 'TIMEOUT' && !isShared ? client.requestTimeoutMs : 0;
}
