import type { ValueInput } from '../../../src/client/Commands';
import type { CasReply } from '../../../src/client/calls/storeCalls';
import { OVERWRITTEN_CAS } from '../../../src/client/model/Item';
import type { Execution } from '../memcached/History';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { valueOf } from '../workload/values';
import { Truth } from './Truth';

interface Found {
    readonly value: Buffer | string | null;
    readonly cas?: bigint;
}

type Fail = (message: string) => void;

/**
 * Checks that every result of the client is true, and that no server executes a rejected request.
 */
export function checkClientAnswers(run: Run, report: (violation: string) => void): void {
    const truth = new Truth(run);
    for (const entry of run.ledger.entries) {
        if (!VERBS.has(entry.step.verb)) continue;
        const fail = (message: string): void =>
            report(`${entry.process} #${entry.step.id} ${entry.step.verb} ${entry.step.keys.join(' ')}: ${message}`);
        if (READS.has(entry.step.verb)) checkRead(truth, entry, fail);
        else if (entry.step.verb.endsWith('Many')) checkBatch(truth, entry, fail);
        else checkChange(truth, entry, fail);
    }
}

const VERBS = new Set(
    'get gets getText getAndTouch getAndDelete getMany setMany deleteMany set add casAdd replace append prepend increment decrement casSet casDelete delete touch'.split(
        ' ',
    ),
);
const READS = new Set(['get', 'gets', 'getText', 'getAndTouch', 'getAndDelete']);

function checkRead(truth: Truth, entry: Entry, fail: Fail): void {
    if (!isAnswered(entry)) return;
    const [key] = entry.step.keys;
    checkFound(truth, entry, key!, 0, toFound(entry.result), fail);
}

function checkFound(truth: Truth, entry: Entry, key: string, index: number, { value, cas }: Found, fail: Fail): void {
    const states = truth.during(entry, index);
    const isTrue = states.some(({ item }) => {
        if (value === null || item === null) return value === item?.value || (value === null && item === null);
        if (cas !== undefined && cas !== item.cas) return false;
        return typeof value === 'string' ? item.value.toString() === value : item.value.equals(value);
    });
    if (isTrue) return;
    const held = states.map(({ item }) => (item === null ? 'nothing' : short(item.value)));
    fail(`found ${short(value)} under ${key}, expected ${held.join(' or ')}`);
}

function checkBatch(truth: Truth, entry: Entry, fail: Fail): void {
    if (entry.error !== null || entry.endMs === Infinity) return;
    const { step, result } = entry;
    const { failed, items } = result as { failed: Map<string, Error>; items?: Map<string, Found> };
    step.keys.forEach((key, i) => {
        const error = failed.get(key) ?? null;
        if (items?.has(key) && error !== null) fail(`${key} is both an item and a failure`);
        if (step.verb === 'getMany') {
            if (error === null) checkFound(truth, entry, key, i, items!.get(key) ?? NOTHING, fail);
        } else if (step.verb === 'setMany') {
            checkStored(truth.executed(key, valueOf(step, i)), entry, error, fail);
        } else if (error === null && !truth.during(entry, i).some(({ item }) => item === null)) {
            fail(`${key} was not deleted`);
        }
    });
}

const NOTHING: Found = { value: null };

function checkChange(truth: Truth, entry: Entry, fail: Fail): void {
    const { step, result, error, notes } = entry;
    const [key] = step.keys;
    const isCounter = step.verb === 'increment' || step.verb === 'decrement';
    const executed = truth.executed(key!, isCounter ? `${step.amount}` : valueOf(step));
    const held = (expected: 'something' | 'nothing'): void => {
        const states = truth.during(entry);
        if (!states.some(({ item }) => (item === null) === (expected === 'nothing')))
            fail(`had ${expected === 'nothing' ? 'an item' : 'no item'} all the time`);
    };
    const once = (): void => {
        if (executed.length !== 1) fail(`was executed ${executed.length} times`);
        else if (!isDuring(executed[0]!, entry)) fail('was executed before or after the call');
    };
    const never = (): void => {
        if (executed.length > 0) fail('was executed despite its result');
    };
    if (!isAnswered(entry)) {
        if (MAY_REPEAT.has(step.verb)) return checkStored(executed, entry, error, fail);
        if (executed.length > 1) fail(`was executed ${executed.length} times`);
        if (wasNotSent(error)) never();
        return;
    }
    switch (step.verb) {
        case 'set':
            return checkStored(executed, entry, null, fail);
        case 'add':
        case 'casAdd': {
            const isStored = step.verb === 'add' ? result === true : result !== null;
            if (isStored) once();
            else never();
            if (!isStored) held('something');
            else if (step.verb === 'casAdd') checkCas(truth, entry, executed, result as bigint, fail);
            return;
        }
        case 'replace':
            return result === true ? checkStored(executed, entry, null, fail) : held('nothing');
        case 'append':
        case 'prepend':
            if (result === true) return once();
            never();
            return held('nothing');
        case 'increment':
        case 'decrement': {
            const { value } = result as { value: bigint | null };
            if (value === null) {
                never();
                return held('nothing');
            }
            once();
            const counted = executed[0]?.after?.value.toString().trimEnd();
            if (counted !== undefined && counted !== `${value}`) fail(`returned ${value}, expected ${counted}`);
            return;
        }
        case 'casSet': {
            if (result === null) return never();
            const { outcome, cas } = result as CasReply;
            if (outcome === 'stored') {
                once();
                const [only] = executed;
                if (only?.before?.cas !== notes.get('cas') || String(only?.before?.value) !== notes.get('value'))
                    fail('was stored over another item');
                return checkCas(truth, entry, executed, cas, fail);
            }
            never();
            return checkRefusal(truth, entry, outcome, fail);
        }
        case 'casDelete':
            return result === null ? never() : checkRefusal(truth, entry, result as string, fail);
        case 'delete':
        case 'touch':
            return held(result === true ? 'something' : 'nothing');
    }
}

/** Checks the CAS of a store, which only an overwritten item may lack. */
function checkCas(truth: Truth, entry: Entry, [only]: readonly Execution[], cas: bigint, fail: Fail): void {
    if (only === undefined || only.after?.cas === cas) return;
    const isOverwritten = truth.during(entry).some(({ fromMs, item }) => fromMs >= only.atMs && item !== only.after);
    if (cas !== OVERWRITTEN_CAS || !isOverwritten) fail(`returned the CAS ${cas}`);
}

const MAY_REPEAT = new Set(['set', 'replace']);

/**
 * Checks an idempotent store. If the store succeeds, the server must execute it only during the
 * call.
 */
function checkStored(executed: readonly Execution[], entry: Entry, error: Error | null, fail: Fail): void {
    if (wasNotSent(error) && executed.length > 0) fail(`was stored despite ${codeOf(error)}`);
    if (error !== null || entry.endMs === Infinity) return;
    if (executed.length === 0) fail('was not stored');
    for (const execution of executed) if (!isDuring(execution, entry)) fail('was stored before or after the call');
}

function checkRefusal(truth: Truth, entry: Entry, outcome: string, fail: Fail): void {
    const states = truth.during(entry);
    const cas = entry.notes.get('cas');
    if (outcome === 'missing' && !states.some(({ item }) => item === null))
        fail('returned "missing" for an existing item');
    if (outcome === 'changed' && !states.some(({ item }) => item !== null && item.cas !== cas))
        fail('returned "changed" for an unchanged item');
    if (
        outcome === 'deleted' &&
        !states.some(({ item }) => item?.cas === cas && String(item?.value) === entry.notes.get('value'))
    )
        fail('deleted another item');
}

/** Returns whether the error guarantees that the client has not sent the request. */
function wasNotSent(error: Error | null): boolean {
    return ['OVERLOADED', 'NOT_OPENED'].includes(codeOf(error) ?? '');
}

function isAnswered({ error, endMs }: Entry): boolean {
    return error === null && endMs < Infinity;
}

function isDuring({ atMs }: Execution, { startMs, endMs }: Entry): boolean {
    return atMs >= startMs && atMs <= endMs;
}

function toFound(result: unknown): Found {
    if (result === null || typeof result === 'string') return { value: result };
    return result as Found;
}

function short(value: ValueInput | null): string {
    if (value === null) return 'nothing';
    const text = typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
    return text.length > 40 ? `${text.slice(0, 20)}… (${text.length})` : text;
}
