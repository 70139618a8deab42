import { isDeepStrictEqual } from 'node:util';
import { EPOCH_MS } from '../memcached/ServerClock';
import type { Execution } from '../memcached/History';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { valueOf } from '../workload/values';
import { fallbacksOf } from './failSoft';
import { Truth } from './Truth';
import { visibleOf } from './visible';

type Fail = (message: string) => void;

/**
 * Checks that every result of the cache is true, and that every acknowledged change happens once.
 */
export function checkCacheAnswers(run: Run, report: (violation: string) => void): void {
    const truth = new Truth(run);
    for (const entry of run.ledger.entries) {
        const check = CHECKS[entry.step.verb];
        if (check === undefined || entry.endMs === Infinity) continue;
        check(truth, entry, message =>
            report(`${entry.process} #${entry.step.id} ${entry.step.verb} ${entry.step.keys.join(' ')}: ${message}`),
        );
    }
    for (const { history } of run.servers) for (const execution of history.executions) checkList(execution, report);
}

/**
 * The error of a call whose outcome is unknown, because `fail_soft` hides the real error from the
 * caller.
 */
const UNKNOWN = new Error('answered without memcached');

/**
 * Check of one verb. With tokens a clear discards earlier changes, and the cache retries those
 * changes.
 */
type Check = (truth: Truth, entry: Entry, fail: Fail) => void;

const CHECKS: Readonly<Record<string, Check>> = {
    retrieve: ifAnswered((truth, entry, fail) => found(truth, entry, 0, entry.result, fail)),
    remove: ifAnswered((truth, entry, fail) => found(truth, entry, 0, entry.result, fail)),
    retrieveAndTouch: ifAnswered((truth, entry, fail) => found(truth, entry, 0, entry.result, fail)),
    contains: ifAnswered((truth, entry, fail) => {
        if (!truth.during(entry).some(({ item }) => isVisible(item, entry) === entry.result || mayBeStale(item)))
            fail(`returned ${String(entry.result)}`);
    }),
    'touch value': ifAnswered((truth, entry, fail) => {
        if (!truth.during(entry).some(({ item }) => (item !== null) === entry.result))
            fail(`returned ${String(entry.result)}`);
    }),
    store: (truth, entry, fail) => stored(truth, entry, 0, fallbacksOf(entry) > 0 ? UNKNOWN : entry.error, fail),
    'add value': (truth, entry, fail) => {
        const times = executed(truth, entry, 0);
        if (times.length > 1 || (entry.result === true && times.length === 0))
            fail(`was executed ${times.length} times`);
        // A clear discards an add made just before it. Then the cache makes the add again.
        if (entry.result === false && times.length > 0 && truth.changesDuring(entry) === 0)
            fail('was executed despite its result');
        if (entry.result === false && !truth.during(entry).some(({ item }) => item !== null))
            fail('failed without an existing item');
    },
    'replace value': (truth, entry, fail) => {
        if (entry.result === true) stored(truth, entry, 0, null, fail);
        if (entry.result === false && !truth.during(entry).some(({ item }) => item === null))
            fail('failed although the item existed');
    },
    retrieveMany: (truth, entry, fail) => {
        if (entry.error !== null) return;
        const values = entry.result as Map<string, unknown>;
        eachKey(entry, fail, (i, failKey) => {
            const value = values.get(entry.step.keys[i]!) ?? null;
            found(truth, entry, i, value, value === null ? failKey : fail);
        });
    },
    storeMany: (truth, entry, fail) => {
        const failed = (entry.error as { failed?: Map<string, Error> } | null)?.failed;
        if (entry.error !== null && failed === undefined) return;
        // The cache stores only the last `max_size` values of a batch.
        const skipped = truth.maxSize === 0 ? 0 : Math.max(0, entry.step.keys.length - truth.maxSize);
        eachKey(entry, fail, (i, failKey) => {
            if (i >= skipped) stored(truth, entry, i, failed?.get(entry.step.keys[i]!) ?? null, failKey);
        });
    },
    count: (truth, entry, fail) => {
        const times = truth.executed(entry.fullKeys[0]!, `${entry.step.amount}`);
        if (times.length > 1) fail(`was executed ${times.length} times`);
        if (entry.error !== null) return;
        if (times.length === 0) fail('was not executed');
        else if (times[0]!.after?.value.toString().trimEnd() !== String(entry.result))
            fail(`returned ${String(entry.result)}`);
    },
    'append text': joined,
    'prepend text': joined,
    update: joined,
    clear: ifAnswered((truth, entry, fail) => {
        for (const server of truth.uncleared(entry)) fail(`${server} kept its token`);
    }),
};

function ifAnswered(check: Check): Check {
    return (truth, entry, fail) => {
        if (entry.error === null && fallbacksOf(entry) === 0) check(truth, entry, fail);
    };
}

/** Allows one wrong key per fallback of the batch. */
function eachKey(entry: Entry, fail: Fail, check: (index: number, fail: Fail) => void): void {
    const failures: string[] = [];
    const wrong = entry.step.keys.filter((_, i) => {
        const before = failures.length;
        check(i, message => failures.push(message));
        return failures.length > before;
    });
    if (wrong.length > fallbacksOf(entry)) for (const message of failures) fail(message);
}

/** Checks that the key has this value and that the value is fresh, or that a miss is possible. */
function found(truth: Truth, entry: Entry, index: number, value: unknown, fail: Fail): void {
    const isTrue = truth.during(entry, index).some(({ item }) => {
        const { value: stored, freshUntilMs } = visibleOf(item);
        if (value === null) return stored === undefined || freshUntilMs < Infinity;
        return isDeepStrictEqual(stored, value) && entry.startMs + offsetOf(entry) < freshUntilMs;
    });
    if (!isTrue) fail(`found ${JSON.stringify(value)?.slice(0, 40)} under ${entry.step.keys[index]}`);
}

function isVisible(item: Parameters<typeof visibleOf>[0], entry: Entry): boolean {
    const { value, freshUntilMs } = visibleOf(item);
    return value !== undefined && entry.startMs + offsetOf(entry) < freshUntilMs;
}

function mayBeStale(item: Parameters<typeof visibleOf>[0]): boolean {
    return visibleOf(item).freshUntilMs < Infinity;
}

/** Returns the smallest offset of the process clock during the call. */
function offsetOf({ notes }: Entry): number {
    return (notes.get('clock') as number | undefined) ?? EPOCH_MS;
}

function executed(truth: Truth, { step, fullKeys }: Entry, index: number): Execution[] {
    return truth.executed(fullKeys[index]!, JSON.stringify(valueOf(step, index)));
}

function stored(truth: Truth, entry: Entry, index: number, error: Error | null, fail: Fail): void {
    const times = executed(truth, entry, index);
    if (['OVERLOADED', 'NOT_OPENED'].includes(codeOf(error) ?? '') && times.length > 0)
        fail('was stored despite its error');
    if (error !== null) return;
    if (times.length === 0) fail(`${entry.step.keys[index]} was not stored`);
    for (const { atMs } of times) {
        if (atMs < entry.startMs || atMs > entry.endMs)
            fail(`${entry.step.keys[index]} was stored before or after the call`);
    }
}

/** Errors that guarantee an unchanged value. */
const UNCHANGED_CODES = new Set(['UPDATE_CONFLICT', 'OVERLOADED', 'CAS_DISABLED']);

/** Checks that an acknowledged change happens once, and that no change happens twice. */
function joined(truth: Truth, entry: Entry, fail: Fail): void {
    const [key] = entry.fullKeys;
    const mark = valueOf(entry.step);
    const changes = truth.executionsOf(key!, one => countOf(mark, one.after?.value) > countOf(mark, one.before?.value));
    if (changes.length > 1) fail(`was executed ${changes.length} times`);
    const code = codeOf(entry.error);
    const isUnchanged = entry.result === false || UNCHANGED_CODES.has(code ?? '');
    // A clear discards a change made just before it. The cache then retries the call under the next
    // token.
    if (isUnchanged && changes.length > 0 && truth.changesDuring(entry) === 0) fail('was executed despite its result');
    if (entry.error === null && entry.result !== false && changes.length === 0) fail('was not executed');
}

function countOf(mark: string, value: Buffer | undefined): number {
    return value === undefined ? 0 : value.toString('latin1').split(mark).length - 1;
}

/** Checks that each update of a list appends one entry and keeps the others. */
function checkList({ key, before, after, process, status }: Execution, report: (violation: string) => void): void {
    if (!/^c:(#[^:]+:)?u/.test(key) || after === null || after === before || status !== 0) return;
    const lists = [before, after].map(item => (visibleOf(item).value ?? []) as string[]);
    if (!isDeepStrictEqual(lists[1]!.slice(0, -1), lists[0])) report(`${process} has lost an update of ${key}`);
}
