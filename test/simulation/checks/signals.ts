import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import type { LoaderRun } from '../workload/DataSource';
import { CallerAborted } from '../workload/callerSignal';
import { LOCK_TRIES, SLACK_MS } from './bounds';

/** Checks that an aborted caller gets its reason, and that a load aborts with its last caller. */
export function checkSignals({ ledger, service }: Run, report: (violation: string) => void): void {
    const { plan, source } = service;
    for (const entry of ledger.entries) {
        const { step, process, error, endMs } = entry;
        const call = `${process} #${step.id} ${step.verb}`;
        const abortedMs = abortOf(entry);
        if (error instanceof CallerAborted && abortedMs === Infinity)
            report(`${call} was rejected with the reason of another caller`);
        if (abortedMs === Infinity || endMs === Infinity || step.verb === 'withLock') continue;
        // An aborted acquisition waits for its pending request and releases the lock.
        const requestMs = step.verb === 'retrieveOrLoad' ? 0 : 2 * LOCK_TRIES * plan.client.requestTimeoutMs;
        const heldMs = 2 * (entry.heldAfterMs - entry.heldBeforeMs);
        if (endMs > abortedMs + requestMs + heldMs + SLACK_MS)
            report(`${call} took ${(endMs - abortedMs).toFixed(1)} ms after its abort`);
    }
    const calls = ledger.entries.filter(({ step }) => step.verb === 'retrieveOrLoad');
    for (const run of source.runs) {
        const begun = calls.find(one => one.step.id === run.step && isCallerOf(one, run));
        if (begun === undefined || takesStale(begun)) continue;
        if (calls.some(one => one !== begun && (isCallerOf(one, run) || isServedBehind(one, begun, run)))) continue;
        const abortedMs = abortOf(begun);
        if (abortedMs < run.endMs && run.abortedMs > abortedMs)
            report(`${run.process} loads ${run.key} for #${run.step}, whose caller aborted at ${abortedMs.toFixed(1)}`);
    }
}

function abortOf({ notes }: Entry): number {
    return (notes.get('abortedMs') as number | undefined) ?? Infinity;
}

/** Returns whether the call accepts a stale value, so that the load continues in the background. */
function takesStale({ step }: Entry): boolean {
    return step.times[2]! > 0;
}

/**
 * Returns whether a stale value may settle the call between the start of the load and its loader.
 */
function isServedBehind(entry: Entry, begun: Entry, { process, key, startMs }: LoaderRun): boolean {
    const isOfKey = entry.process === process && entry.step.keys[0] === key;
    return isOfKey && takesStale(entry) && entry.endMs >= begun.startMs && entry.startMs <= startMs;
}

/** Returns whether the call may wait for the load. */
function isCallerOf({ process, step, startMs, endMs }: Entry, run: LoaderRun): boolean {
    return process === run.process && step.keys[0] === run.key && startMs <= run.endMs && endMs >= run.startMs;
}
