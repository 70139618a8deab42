import { isDeepStrictEqual } from 'node:util';
import { EPOCH_MS } from '../memcached/ServerClock';
import type { Execution } from '../memcached/History';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { valueOf } from '../workload/values';
import { softenedOf } from './failSoft';
import { Truth } from './Truth';
import { visibleOf } from './visible';

type Say = (what: string) => void;

/** Every answer of the cache is true, and changes are made as often as they are acknowledged. */
export function checkCacheAnswers(run: Run, report: (violation: string) => void): void {
    const truth = new Truth(run);
    for (const entry of run.ledger.entries) {
        const check = CHECKS[entry.step.verb];
        if (check === undefined || entry.endMs === Infinity) continue;
        check(truth, entry, what =>
            report(`${entry.process} #${entry.step.id} ${entry.step.verb} ${entry.step.keys.join(' ')}: ${what}`),
        );
    }
    for (const { history } of run.servers) for (const execution of history.executions) checkList(execution, report);
}

/** It may have been carried out, and its caller does not hear of it. */
const UNKNOWN = new Error('answered without memcached');

/** With tokens a change that was made before a clear counts for nothing, and is made again. */
type Check = (truth: Truth, entry: Entry, say: Say) => void;

const CHECKS: Readonly<Record<string, Check>> = {
    retrieve: ifAnswered((truth, entry, say) => found(truth, entry, 0, entry.result, say)),
    remove: ifAnswered((truth, entry, say) => found(truth, entry, 0, entry.result, say)),
    retrieveAndTouch: ifAnswered((truth, entry, say) => found(truth, entry, 0, entry.result, say)),
    contains: ifAnswered((truth, entry, say) => {
        if (!truth.during(entry).some(({ item }) => isVisible(item, entry) === entry.result || mayBeStale(item)))
            say(`answered ${String(entry.result)}`);
    }),
    'touch value': ifAnswered((truth, entry, say) => {
        if (!truth.during(entry).some(({ item }) => (item !== null) === entry.result))
            say(`answered ${String(entry.result)}`);
    }),
    store: (truth, entry, say) => stored(truth, entry, 0, softenedOf(entry) > 0 ? UNKNOWN : entry.error, say),
    'add value': (truth, entry, say) => {
        const times = carriedOut(truth, entry, 0);
        if (times.length > 1 || (entry.result === true && times.length === 0))
            say(`was carried out ${times.length} times`);
        if (entry.result === false && times.length > 0) say('was carried out all the same');
        if (entry.result === false && !truth.during(entry).some(({ item }) => item !== null)) say('there was nothing');
    },
    'replace value': (truth, entry, say) => {
        if (entry.result === true) stored(truth, entry, 0, null, say);
        if (entry.result === false && !truth.during(entry).some(({ item }) => item === null))
            say('there was something');
    },
    retrieveMany: (truth, entry, say) => {
        if (entry.error !== null) return;
        const values = entry.result as Map<string, unknown>;
        eachKey(entry, say, (i, sayOfKey) => {
            const value = values.get(entry.step.keys[i]!) ?? null;
            found(truth, entry, i, value, value === null ? sayOfKey : say);
        });
    },
    storeMany: (truth, entry, say) => {
        const failed = (entry.error as { failed?: Map<string, Error> } | null)?.failed;
        if (entry.error !== null && failed === undefined) return;
        // Of more than that the last ones are stored.
        const skipped = truth.maxSize === 0 ? 0 : Math.max(0, entry.step.keys.length - truth.maxSize);
        eachKey(entry, say, (i, sayOfKey) => {
            if (i >= skipped) stored(truth, entry, i, failed?.get(entry.step.keys[i]!) ?? null, sayOfKey);
        });
    },
    count: (truth, entry, say) => {
        const times = truth.carriedOut(entry.fullKeys[0]!, `${entry.step.amount}`);
        if (times.length > 1) say(`was counted ${times.length} times`);
        if (entry.error !== null) return;
        if (times.length === 0) say('was not counted');
        else if (times[0]!.after?.value.toString().trimEnd() !== String(entry.result))
            say(`answered ${String(entry.result)}`);
    },
    'append text': joined,
    'prepend text': joined,
    update: joined,
    clear: ifAnswered((truth, entry, say) => {
        for (const server of truth.uncleared(entry)) say(`${server} has kept its token`);
    }),
};

function ifAnswered(check: Check): Check {
    return (truth, entry, say) => {
        if (entry.error === null && softenedOf(entry) === 0) check(truth, entry, say);
    };
}

/** So many keys of a batch may be wrong as were answered without memcached. */
function eachKey(entry: Entry, say: Say, check: (index: number, say: Say) => void): void {
    const said: string[] = [];
    const wrong = entry.step.keys.filter((_, i) => {
        const before = said.length;
        check(i, what => said.push(what));
        return said.length > before;
    });
    if (wrong.length > softenedOf(entry)) for (const what of said) say(what);
}

/** A value that the key had, and that was fresh; or nothing. */
function found(truth: Truth, entry: Entry, index: number, value: unknown, say: Say): void {
    const isTrue = truth.during(entry, index).some(({ item }) => {
        const { value: stored, freshUntilMs } = visibleOf(item);
        if (value === null) return stored === undefined || freshUntilMs < Infinity;
        return isDeepStrictEqual(stored, value) && entry.startMs + offsetOf(entry) < freshUntilMs;
    });
    if (!isTrue) say(`found ${JSON.stringify(value)?.slice(0, 40)} under ${entry.step.keys[index]}`);
}

function isVisible(item: Parameters<typeof visibleOf>[0], entry: Entry): boolean {
    const { value, freshUntilMs } = visibleOf(item);
    return value !== undefined && entry.startMs + offsetOf(entry) < freshUntilMs;
}

function mayBeStale(item: Parameters<typeof visibleOf>[0]): boolean {
    return visibleOf(item).freshUntilMs < Infinity;
}

/** Of the process' clock, at its earliest during the call. */
function offsetOf({ notes }: Entry): number {
    return (notes.get('clock') as number | undefined) ?? EPOCH_MS;
}

function carriedOut(truth: Truth, { step, fullKeys }: Entry, index: number): Execution[] {
    return truth.carriedOut(fullKeys[index]!, JSON.stringify(valueOf(step, index)));
}

function stored(truth: Truth, entry: Entry, index: number, error: Error | null, say: Say): void {
    const times = carriedOut(truth, entry, index);
    if (['OVERLOADED', 'NOT_OPENED'].includes(codeOf(error) ?? '') && times.length > 0) say('was stored all the same');
    if (error !== null) return;
    if (times.length === 0) say(`${entry.step.keys[index]} was not stored`);
    for (const { atMs } of times) {
        if (atMs < entry.startMs || atMs > entry.endMs)
            say(`${entry.step.keys[index]} was stored before or after the call`);
    }
}

/** Nothing was changed. */
const DENIALS = new Set(['UPDATE_CONFLICT', 'OVERLOADED', 'CAS_DISABLED']);

/** A change is made once when it is acknowledged, and never twice. */
function joined(truth: Truth, entry: Entry, say: Say): void {
    const [key] = entry.fullKeys;
    const mark = valueOf(entry.step);
    const made = truth.executionsOf(key!, one => has(one.after?.value, mark) && !has(one.before?.value, mark));
    if (made.length > 1) say(`was made ${made.length} times`);
    const code = codeOf(entry.error);
    const isDenied = entry.result === false || DENIALS.has(code ?? '');
    // What was made just before a clear counts as not made: the call is repeated under the next token.
    if (isDenied && made.length > 0 && truth.changesDuring(entry) === 0) say('was made all the same');
    if (entry.error === null && entry.result !== false && made.length === 0) say('was not made');
}

function has(value: Buffer | undefined, mark: string): boolean {
    return value?.includes(mark) ?? false;
}

/** Only updates write lists: each has what was there before, and one entry more. */
function checkList({ key, before, after, process, status }: Execution, report: (violation: string) => void): void {
    if (!/^c:(#[^:]+:)?u/.test(key) || after === null || after === before || status !== 0) return;
    const lists = [before, after].map(item => (visibleOf(item).value ?? []) as string[]);
    if (!isDeepStrictEqual(lists[1]!.slice(0, -1), lists[0])) report(`${process} has lost an update of ${key}`);
}
