import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import type { LoaderRun } from '../workload/DataSource';
import { Impatience } from '../workload/Patience';
import { LOCK_TRIES, SLACK_MS } from './bounds';

/** A caller whose signal aborts is rejected with its reason, and a load without callers is aborted. */
export function checkSignals({ ledger, service }: Run, report: (violation: string) => void): void {
    const { plan, source } = service;
    for (const entry of ledger.entries) {
        const { step, process, error, endMs } = entry;
        const what = `${process} #${step.id} ${step.verb}`;
        const abortedMs = abortOf(entry);
        if (error instanceof Impatience && abortedMs === Infinity) report(`${what} has the reason of another caller`);
        if (abortedMs === Infinity || endMs === Infinity || step.verb === 'withLock') continue;
        // A request for a lock is awaited, and the lock is given back.
        const requestMs = step.verb === 'retrieveOrLoad' ? 0 : 2 * LOCK_TRIES * plan.client.requestTimeoutMs;
        const heldMs = 2 * (entry.heldAfterMs - entry.heldBeforeMs);
        if (endMs > abortedMs + requestMs + heldMs + SLACK_MS)
            report(`${what} took ${(endMs - abortedMs).toFixed(1)} ms after its signal`);
    }
    const calls = ledger.entries.filter(({ step }) => step.verb === 'retrieveOrLoad');
    for (const run of source.runs) {
        const begun = calls.find(one => one.step.id === run.step && isCallerOf(one, run));
        if (begun === undefined || takesStale(begun)) continue;
        if (calls.some(one => one !== begun && (isCallerOf(one, run) || isServedBehind(one, begun, run)))) continue;
        const abortedMs = abortOf(begun);
        if (abortedMs < run.endMs && run.abortedMs > abortedMs)
            report(`${run.process} loads ${run.key} for #${run.step}, which has gone at ${abortedMs.toFixed(1)}`);
    }
}

function abortOf({ notes }: Entry): number {
    return (notes.get('abortedMs') as number | undefined) ?? Infinity;
}

/** It takes a stale value, and the load goes on behind it. */
function takesStale({ step }: Entry): boolean {
    return step.times[2]! > 0;
}

/** A call that may have had a stale value before the loader ran, after the load had begun. */
function isServedBehind(entry: Entry, begun: Entry, { process, key, startMs }: LoaderRun): boolean {
    const isOfKey = entry.process === process && entry.step.keys[0] === key;
    return isOfKey && takesStale(entry) && entry.endMs >= begun.startMs && entry.startMs <= startMs;
}

/** A call that may have waited for the load. */
function isCallerOf({ process, step, startMs, endMs }: Entry, run: LoaderRun): boolean {
    return process === run.process && step.keys[0] === run.key && startMs <= run.endMs && endMs >= run.startMs;
}
