import { Opcode } from '../../../src/client/protocol/binary/constants';
import { Outcome as Status } from '../../../src/client/protocol/Protocol';
import type { Execution, KeyState } from '../memcached/History';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import type { LeaseRecord, Promised } from '../workload/LeaseBook';
import { Truth } from './Truth';

const PREFIX = 'lock:';
/** Beyond the ttl, in seconds, until a lock whose holder has died is gone. */
const EXTRA_SECONDS = 3;

/** While the servers keep their memory, a lock has one holder at a time, and only its holder releases it. */
export function checkLocks(run: Run, report: (violation: string) => void): void {
    const { book } = run.service;
    const truth = new Truth(run);
    for (const mistake of book.mistakes) report(mistake);
    const executions = run.servers.flatMap(({ history }) => history.executions).filter(isOfLock);
    const owners = new Map<string, Execution>();
    for (const one of executions) {
        if (one.opcode === Opcode.ADD && one.status === Status.OK) owners.set(one.sent.toString(), one);
    }
    for (const record of book.records.values()) {
        checkFencing(record, owners, report);
        const sinceMs = owners.get(record.token)?.atMs ?? 0;
        for (const promised of record.promised) checkPromise(run, truth, record, promised, sinceMs, report);
    }
    for (const one of executions) checkOwner(one, owners, report);
    for (const entry of run.ledger.entries) {
        if (isBusy(entry) && !run.ledger.entries.some(one => isBeside(one, entry) || isForgotten(one, entry)))
            checkBusy(truth, entry, owners, report);
        if (entry.notes.has('token') && entry.error === null) checkReleased(truth, entry, report);
    }
    checkExpiries(executions, run, report);
}

function isOfLock({ key }: Execution): boolean {
    return key.startsWith(PREFIX);
}

/** For as long as a lease says that it is held, its token lies in the server. */
function checkPromise(
    run: Run,
    truth: Truth,
    { process, key, token, releasingMs }: LeaseRecord,
    { atMs, untilMs }: Promised,
    sinceMs: number,
    report: (violation: string) => void,
): void {
    const endMs = Math.min(untilMs, releasingMs);
    if (endMs <= atMs) return;
    const history = truth.historyOf(PREFIX + key);
    // It frees every lock concerned.
    if (history.losses.some(lostMs => lostMs <= endMs && lostMs >= sinceMs)) return;
    if (run.service.plan.faults.some(fault => fault.kind === 'evict' && fault.key === PREFIX + key)) return;
    for (const state of history.between(PREFIX + key, atMs, endMs)) {
        if (state.toMs === atMs || state.fromMs === endMs || holds(state, token)) continue;
        const what = state.item === null ? 'nothing' : 'the lock of another holder';
        report(
            `${process} was promised ${key} from ${atMs.toFixed(1)} to ${endMs.toFixed(1)}, but there was ${what} from ${state.fromMs.toFixed(1)} to ${state.toMs.toFixed(1)}`,
        );
    }
}

function holds({ item }: KeyState, token: string): boolean {
    return item?.value.toString() === token;
}

/** The fencing token is the CAS of the acquisition: the server lets it rise. */
function checkFencing(
    { process, key, token, fencingToken }: LeaseRecord,
    owners: ReadonlyMap<string, Execution>,
    report: (violation: string) => void,
): void {
    const added = owners.get(token);
    if (added === undefined) report(`${process} has a lease of ${key} that no server has given`);
    else if (added.after!.cas > fencingToken)
        report(`${process} has a fencing token of ${key} from before it acquired it`);
}

/** What is deleted or replaced was put there by the same process. */
function checkOwner(
    { opcode, key, process, status, before, atMs }: Execution,
    owners: ReadonlyMap<string, Execution>,
    report: (violation: string) => void,
): void {
    if (status !== Status.OK || before === null) return;
    if (opcode !== Opcode.DELETE && opcode !== Opcode.REPLACE && opcode !== Opcode.SET) return;
    const owner = owners.get(before.value.toString())?.process;
    if (owner !== process) report(`${process} has taken ${key} from ${owner} at ${atMs.toFixed(1)}`);
}

function isBusy({ step, result, error, endMs }: Entry): boolean {
    if (endMs === Infinity) return false;
    if (codeOf(error) === 'LOCK_TIMEOUT') return true;
    return (step.verb === 'tryAcquireLease' || step.verb === 'tryAcquireLock') && error === null && !result;
}

/** Another call of the process that may have got the lock meanwhile. */
function isBeside(one: Entry, entry: Entry): boolean {
    if (one === entry || one.process !== entry.process || one.fullKeys[0] !== entry.fullKeys[0]) return false;
    if (!/cquire|withLock/.test(one.step.verb) || one.startMs > entry.endMs) return false;
    return one.endMs >= entry.startMs;
}

/** The component has closed: it looks no more for what earlier calls have left. */
function isForgotten({ step, process, startMs }: Entry, entry: Entry): boolean {
    return step.verb === 'close lock' && process === entry.process && startMs <= entry.endMs;
}

/** "Busy" means that another acquisition held the lock. */
function checkBusy(
    truth: Truth,
    entry: Entry,
    owners: ReadonlyMap<string, Execution>,
    report: (violation: string) => void,
): void {
    const isAnother = ({ item }: KeyState): boolean => {
        if (item === null) return false;
        const token = item.value.toString();
        const added = owners.get(token);
        return added?.process !== entry.process || added.atMs < entry.startMs;
    };
    const isDuring = ({ atMs }: Execution): boolean => atMs >= entry.startMs && atMs <= entry.endMs;
    const deletions = truth.executionsOf(entry.fullKeys[0]!, one => isDeletion(one, entry) && isDuring(one));
    const isCleanedMeanwhile = deletions.length > 0;
    if (isCleanedMeanwhile || truth.during(entry).some(isAnother)) return;
    report(`${entry.process} #${entry.step.id} ${entry.step.verb} found the lock busy, and it had no other holder`);
}

function isDeletion({ opcode, status, process }: Execution, entry: Entry): boolean {
    return process === entry.process && opcode === Opcode.DELETE && status === Status.OK;
}

/** A release that has succeeded leaves nothing behind. */
function checkReleased(truth: Truth, entry: Entry, report: (violation: string) => void): void {
    const token = entry.notes.get('token') as string;
    const [key] = entry.fullKeys;
    const states = truth.historyOf(key!).between(key!, entry.endMs, Infinity);
    if (states.some(state => state.toMs > entry.endMs && holds(state, token)))
        report(`${entry.process} #${entry.step.id} has released ${key}, and it is still held`);
}

/** A holder that dies blocks the key for its ttl and three seconds at most. */
function checkExpiries(executions: readonly Execution[], { ledger }: Run, report: (violation: string) => void): void {
    const longestMs = Math.max(1000, ...ledger.entries.map(({ step }) => step.times[0] ?? 0));
    for (const { expiry, sent, key, process } of executions) {
        if (sent.length === 0 || expiry === null) continue;
        if (expiry > longestMs / 1000 + EXTRA_SECONDS) report(`${process} has taken ${key} for ${expiry} s`);
    }
}
