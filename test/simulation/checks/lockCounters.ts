import { Opcode } from '../../../src/client/protocol/binary/constants';
import { Outcome } from '../../../src/client/protocol/Protocol';
import { COUNTER_NAMES } from '../../../src/component/counterNames';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { Impatience } from '../workload/Patience';
import { LockComponent } from '../workload/LockComponent';
import { compareCounts, compareTotals, type Count } from './counts';
import { hasTrouble } from './trouble';

const NAMES = COUNTER_NAMES.lock;
const PREFIX = 'lock:';

/** What a call may count; what is not named it must not count. */
type Counts = Readonly<Partial<Record<keyof typeof NAMES, Count>>>;

/** Each call counts what docs/operations.md says that it counts, and the sums are those of `getStats`. */
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

/** Each acquisition is an ADD that was carried out, and has a time of waiting. */
function checkAcquisitions(
    { service, servers, ledger }: Run,
    process: string,
    { stats, meter }: LockComponent,
    report: (violation: string) => void,
): void {
    const added = servers
        .flatMap(({ history }) => history.executions)
        .filter(one => one.process === process && one.opcode === Opcode.ADD && one.status === Outcome.OK)
        .filter(one => one.key.startsWith(PREFIX)).length;
    const { plan } = service;
    const isAnswered = !ledger.entries.some(one => one.process === process && UNANSWERED.has(codeOf(one.error) ?? ''));
    if (stats.acquired > added || (isAnswered && stats.acquired < added && plan.hasCas && !hasTrouble(plan)))
        report(`${process} counts ${stats.acquired} acquired, and ${added} were carried out`);
    const times = meter.samples.get(NAMES.waitTime) ?? [];
    const waitedMs = times.reduce((sum, ms) => sum + ms, 0);
    if (times.length !== stats.acquired || Math.abs(waitedMs - stats.waitedMs) > 0.001)
        report(
            `${process} tells of ${stats.waitedMs} ms for ${stats.acquired} locks, and counts ${waitedMs} for ${times.length}`,
        );
}

/** The request may have been carried out. */
const UNANSWERED = new Set(['TIMEOUT', 'CONNECTION_LOST']);

type Rule = (entry: Entry) => Counts;

function counted({ counts }: Entry, name: keyof typeof NAMES): number {
    return counts.get(NAMES[name]) ?? 0;
}

/** Tries until it has the lock, or gives up. A lock that it does not hand out it has released. */
function acquiring(entry: Entry, hasLock: boolean, isBusy: boolean): Counts {
    const { error } = entry;
    const acquired = hasLock ? 1 : isBusy ? 0 : counted(entry, 'acquired');
    const isTimedOut = codeOf(error) === 'LOCK_TIMEOUT';
    const given = acquired - (hasLock ? 1 : 0) - counted(entry, 'lost') - counted(entry, 'releaseFailures');
    return {
        acquired: [acquired, Math.min(acquired, 1)],
        busy: isBusy ? [1, Infinity] : [0, Infinity],
        timedOut: isTimedOut ? 1 : 0,
        failed: error === null || isTimedOut || error instanceof Impatience ? 0 : 1,
        released: given,
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

/** A lease that is released meanwhile was extended, and the answer is false. */
const extend: Rule = ({ result, error }) => ({
    extended: error === null && result === true ? 1 : [0, error === null ? 1 : 0],
    lost: [0, error === null && result !== true ? 1 : 0],
});

/** What is over counts nothing. */
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
            // Its work may fail, too.
            failed: [0, entry.error === null || isBusy ? 0 : 1],
            // A renewal runs by a timer, so what it counts belongs to no call.
            released: [0, counted(entry, 'acquired')],
            extended: [0, Infinity],
        };
    },
};
