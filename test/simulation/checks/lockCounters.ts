import { Outcome } from '../../../src/client/protocol/Protocol';
import { COUNTER_NAMES } from '../../../src/component/counterNames';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { CallerAborted } from '../workload/callerSignal';
import { LockComponent } from '../workload/LockComponent';
import { compareCounts, compareTotals, type Count } from './counts';
import { hasTrouble } from './trouble';

const NAMES = COUNTER_NAMES.lock;
const PREFIX = 'lock:';

/** Expected counters of a call. Missing names mean 0. */
type Counts = Readonly<Partial<Record<keyof typeof NAMES, Count>>>;

/**
 * Checks the counters of each call against docs/operations.md, and their totals against `getStats`.
 */
export function checkLockCounters(run: Run, report: (violation: string) => void): void {
    for (const entry of run.ledger.entries) {
        const rule = RULES[entry.step.verb];
        if (rule === undefined || entry.endMs === Infinity) continue;
        compareCounts(NAMES, entry, rule(entry), report);
    }
    for (const process of run.processes) {
        if (process.loop.isDead) continue;
        for (const component of run.components.get(process) ?? []) {
            if (!(component instanceof LockComponent)) continue;
            compareTotals(process.name, NAMES, component, report);
            checkAcquisitions(run, process.name, component, report);
        }
    }
}

/** Checks that each counted acquisition has an executed ADD and a waiting time. */
function checkAcquisitions(
    { service, servers, ledger }: Run,
    process: string,
    { stats, meter }: LockComponent,
    report: (violation: string) => void,
): void {
    const added = servers
        .flatMap(({ history }) => history.executions)
        .filter(one => one.process === process && one.verb === 'add' && one.status === Outcome.OK)
        .filter(one => one.key.startsWith(PREFIX)).length;
    const { plan } = service;
    const isAnswered = !ledger.entries.some(one => one.process === process && UNANSWERED.has(codeOf(one.error) ?? ''));
    if (stats.acquired > added || (isAnswered && stats.acquired < added && plan.hasCas && !hasTrouble(plan)))
        report(`${process} counts ${stats.acquired} acquired locks, but the servers executed ${added}`);
    const times = meter.samples.get(NAMES.waitTime) ?? [];
    const waitedMs = times.reduce((sum, ms) => sum + ms, 0);
    if (times.length !== stats.acquired || Math.abs(waitedMs - stats.waitedMs) > 0.001)
        report(
            `${process} reports ${stats.waitedMs} ms for ${stats.acquired} locks, but counts ${waitedMs} for ${times.length}`,
        );
}

/** Errors after which the outcome is unknown. */
const UNANSWERED = new Set(['TIMEOUT', 'CONNECTION_LOST']);

type Rule = (entry: Entry) => Counts;

function counted({ counts }: Entry, name: keyof typeof NAMES): number {
    return counts.get(NAMES[name]) ?? 0;
}

/**
 * Returns the counters of an acquisition. If the call returns no lock, it releases the acquired
 * lock.
 */
function acquiring(entry: Entry, hasLock: boolean, isBusy: boolean): Counts {
    const { error } = entry;
    const acquired = hasLock ? 1 : isBusy ? 0 : counted(entry, 'acquired');
    const isTimedOut = codeOf(error) === 'LOCK_TIMEOUT';
    const returned = acquired - (hasLock ? 1 : 0) - counted(entry, 'lost') - counted(entry, 'releaseFailures');
    return {
        acquired: [acquired, Math.min(acquired, 1)],
        busy: isBusy ? [1, Infinity] : [0, Infinity],
        timedOut: isTimedOut ? 1 : 0,
        failed: error === null || isTimedOut || error instanceof CallerAborted ? 0 : 1,
        released: returned,
        lost: [0, 1],
        releaseFailures: [0, 1],
        orphansDeleted: [0, Infinity],
    };
}

const acquire: Rule = entry => acquiring(entry, entry.error === null, codeOf(entry.error) === 'LOCK_TIMEOUT');

const tryAcquire: Rule = entry => {
    const hasLock = entry.error === null && !!entry.result;
    const isBusy = entry.error === null && !entry.result;
    return { ...acquiring(entry, hasLock, isBusy), busy: isBusy ? 1 : [0, 1] };
};

/** Rule for extensions. A concurrent release turns a successful extension into a false result. */
const extend: Rule = ({ result, error }) => ({
    extended: error === null && result === true ? 1 : [0, error === null ? 1 : 0],
    lost: [0, error === null && result !== true ? 1 : 0],
});

/** Rule for releases. A finished lease raises no counter. */
const release: Rule = entry => ({
    released: [0, entry.error === null ? 1 - counted(entry, 'lost') : 0],
    lost: [0, entry.error === null ? 1 : 0],
    releaseFailures: entry.error === null ? 0 : 1,
});

const RULES: Readonly<Record<string, Rule>> = {
    tryAcquireLease: tryAcquire,
    tryAcquireLock: tryAcquire,
    acquireLease: acquire,
    acquireLock: acquire,
    extendLease: extend,
    extendLock: extend,
    releaseLease: release,
    releaseLock: release,
    withLock: entry => {
        const isBusy = codeOf(entry.error) === 'LOCK_TIMEOUT';
        return {
            ...acquiring(entry, false, isBusy),
            // The callback may also fail.
            failed: [0, entry.error === null || isBusy ? 0 : 1],
            // A timer renews the lock, so its counters belong to no call.
            released: [0, counted(entry, 'acquired')],
            extended: [0, Infinity],
        };
    },
};
