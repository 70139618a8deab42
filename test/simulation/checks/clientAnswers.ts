import type { ValueInput } from '../../../src/client/Commands';
import type { CasReply } from '../../../src/client/calls/storeCalls';
import type { Execution } from '../memcached/History';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { valueOf } from '../workload/values';
import { Truth } from './Truth';

interface Found {
    readonly value: Buffer | string | null;
    readonly cas?: bigint;
}

type Say = (what: string) => void;

/** Every answer of the client is true, and nothing is carried out that must not be. */
export function checkClientAnswers(run: Run, report: (violation: string) => void): void {
    const truth = new Truth(run);
    for (const entry of run.ledger.entries) {
        if (!VERBS.has(entry.step.verb)) continue;
        const say = (what: string): void =>
            report(`${entry.process} #${entry.step.id} ${entry.step.verb} ${entry.step.keys.join(' ')}: ${what}`);
        if (READS.has(entry.step.verb)) checkRead(truth, entry, say);
        else if (entry.step.verb.endsWith('Many')) checkBatch(truth, entry, say);
        else checkChange(truth, entry, say);
    }
}

const VERBS = new Set(
    'get gets getText getAndTouch getAndDelete getMany setMany deleteMany set add casAdd replace append prepend increment decrement casSet casDelete delete touch'.split(
        ' ',
    ),
);
const READS = new Set(['get', 'gets', 'getText', 'getAndTouch', 'getAndDelete']);

function checkRead(truth: Truth, entry: Entry, say: Say): void {
    if (!isAnswered(entry)) return;
    const [key] = entry.step.keys;
    checkFound(truth, entry, key!, 0, toFound(entry.result), say);
}

function checkFound(truth: Truth, entry: Entry, key: string, index: number, { value, cas }: Found, say: Say): void {
    const states = truth.during(entry, index);
    const isTrue = states.some(({ item }) => {
        if (value === null || item === null) return value === item?.value || (value === null && item === null);
        if (cas !== undefined && cas !== item.cas) return false;
        return typeof value === 'string' ? item.value.toString() === value : item.value.equals(value);
    });
    if (isTrue) return;
    const held = states.map(({ item }) => (item === null ? 'nothing' : short(item.value)));
    say(`found ${short(value)} under ${key}, where there was ${held.join(', then ')}`);
}

function checkBatch(truth: Truth, entry: Entry, say: Say): void {
    if (entry.error !== null || entry.endMs === Infinity) return;
    const { step, result } = entry;
    const { failed, items } = result as { failed: Map<string, Error>; items?: Map<string, Found> };
    step.keys.forEach((key, i) => {
        const error = failed.get(key) ?? null;
        if (items?.has(key) && error !== null) say(`${key} was found and failed`);
        if (step.verb === 'getMany') {
            if (error === null) checkFound(truth, entry, key, i, items!.get(key) ?? NOTHING, say);
        } else if (step.verb === 'setMany') {
            checkStored(truth.carriedOut(key, valueOf(step, i)), entry, error, say);
        } else if (error === null && !truth.during(entry, i).some(({ item }) => item === null)) {
            say(`${key} was not deleted`);
        }
    });
}

const NOTHING: Found = { value: null };

function checkChange(truth: Truth, entry: Entry, say: Say): void {
    const { step, result, error, notes } = entry;
    const [key] = step.keys;
    const isCounter = step.verb === 'increment' || step.verb === 'decrement';
    const carriedOut = truth.carriedOut(key!, isCounter ? `${step.amount}` : valueOf(step));
    const held = (what: 'something' | 'nothing'): void => {
        const states = truth.during(entry);
        if (!states.some(({ item }) => (item === null) === (what === 'nothing'))) say(`there was never ${what}`);
    };
    const once = (): void => {
        if (carriedOut.length !== 1) say(`was carried out ${carriedOut.length} times`);
        else if (!isDuring(carriedOut[0]!, entry)) say('was carried out before or after the call');
    };
    const never = (): void => {
        if (carriedOut.length > 0) say('was carried out all the same');
    };
    if (!isAnswered(entry)) {
        if (MAY_REPEAT.has(step.verb)) return checkStored(carriedOut, entry, error, say);
        if (carriedOut.length > 1) say(`was carried out ${carriedOut.length} times`);
        if (wasNotSent(error)) never();
        return;
    }
    switch (step.verb) {
        case 'set':
            return checkStored(carriedOut, entry, null, say);
        case 'add':
        case 'casAdd': {
            const isStored = step.verb === 'add' ? result === true : result !== null;
            if (isStored) once();
            else never();
            if (!isStored) held('something');
            else if (step.verb === 'casAdd' && carriedOut[0]?.after?.cas !== result)
                say(`answered the CAS ${String(result)}`);
            return;
        }
        case 'replace':
            return result === true ? checkStored(carriedOut, entry, null, say) : held('nothing');
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
            const counted = carriedOut[0]?.after?.value.toString().trimEnd();
            if (counted !== undefined && counted !== `${value}`) say(`answered ${value} instead of ${counted}`);
            return;
        }
        case 'casSet': {
            if (result === null) return never();
            const { outcome, cas } = result as CasReply;
            if (outcome === 'stored') {
                once();
                const [only] = carriedOut;
                if (only?.before?.cas !== notes.get('cas') || String(only?.before?.value) !== notes.get('value'))
                    say('was stored over another item');
                if (only?.after?.cas !== cas) say(`answered the CAS ${cas}`);
                return;
            }
            never();
            return checkRefusal(truth, entry, outcome, say);
        }
        case 'casDelete':
            return result === null ? never() : checkRefusal(truth, entry, result as string, say);
        case 'delete':
        case 'touch':
            return held(result === true ? 'something' : 'nothing');
    }
}

const MAY_REPEAT = new Set(['set', 'replace']);

/** Of what may be sent again: it was stored during the call, and nothing of it comes after a success. */
function checkStored(carriedOut: readonly Execution[], entry: Entry, error: Error | null, say: Say): void {
    if (wasNotSent(error) && carriedOut.length > 0) say(`was stored in spite of ${codeOf(error)}`);
    if (error !== null || entry.endMs === Infinity) return;
    if (carriedOut.length === 0) say('was not stored');
    for (const execution of carriedOut) if (!isDuring(execution, entry)) say('was stored before or after the call');
}

function checkRefusal(truth: Truth, entry: Entry, outcome: string, say: Say): void {
    const states = truth.during(entry);
    const cas = entry.notes.get('cas');
    if (outcome === 'missing' && !states.some(({ item }) => item === null)) say('said "missing" of what was there');
    if (outcome === 'changed' && !states.some(({ item }) => item !== null && item.cas !== cas)) say('said "changed"');
    if (
        outcome === 'deleted' &&
        !states.some(({ item }) => item?.cas === cas && String(item?.value) === entry.notes.get('value'))
    )
        say('deleted another item');
}

/** The error says that the server has not seen it. */
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
