import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import type { LoaderRun } from '../workload/DataSource';
import { isUnlimited } from './settling';

/** Timeout with which a value outlives `LIFE_MS`, despite the jitter and the clock of memcached. */
const TIMEOUT_MS = 10_000;
const LIFE_MS = 5000;

/**
 * Checks that a cache finds the value that its own loader has returned, without faults and writes.
 */
export function checkOwnLoads({ ledger, service: { plan, source } }: Run, report: (violation: string) => void): void {
    const { cache, client, faults } = plan;
    // If a connection closes while the loader runs, the store reads the lease again.
    const mayClose = client.idleMs > 0;
    const isEvicting = cache.maxSize === 1;
    const isShort = cache.maxExpirationMs < TIMEOUT_MS || cache.loadTimeoutMs < TIMEOUT_MS;
    if (faults.length > 0 || !isUnlimited(plan) || cache.hasClear || isEvicting || isShort || mayClose) return;
    const entries = ledger.entries.filter(({ step }) => step.id > 0);
    for (const run of source.runs) {
        const call = entries.find(({ step }) => step.id === run.step)!;
        if (!isStored(call, run)) continue;
        const isOwnRead = ({ step, process }: Entry): boolean =>
            process === run.process && step.keys[0] === run.key && /^retrieve(OrLoad)?$/.test(step.verb);
        const untilMs = Math.min(
            call.endMs + LIFE_MS,
            ...entries.filter(one => endsLoad(one, run)).map(({ startMs }) => startMs),
        );
        for (const read of entries.filter(isOwnRead)) {
            const { step, process, startMs, endMs, result } = read;
            if (startMs < call.endMs || endMs >= untilMs) continue;
            const isMiss = step.verb === 'retrieve' ? result === null : source.runs.some(one => one.step === step.id);
            if (isMiss) report(`${process} #${step.id} ${step.verb} missed ${run.key}, which #${run.step} has loaded`);
        }
    }
}

/** Returns whether the call waits for its own loader, and the cache stores the value. */
function isStored({ step, result, error, startMs }: Entry, run: LoaderRun): boolean {
    const value = result as { version: number } | null;
    // After a wait of `loadTimeout` for another process, the load has no lease and stores nothing.
    const hasLease = run.startMs - startMs < TIMEOUT_MS;
    return error === null && step.times[0]! >= TIMEOUT_MS && value?.version === run.version && hasLease;
}

/** Returns whether the call may end the load or its value. */
function endsLoad({ step, process, endMs }: Entry, run: LoaderRun): boolean {
    if (endMs < run.startMs) return false;
    if (step.verb === 'close cache') return process === run.process;
    return step.verb === 'publish' && step.keys.includes(run.key);
}
