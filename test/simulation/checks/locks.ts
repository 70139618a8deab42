import { Outcome as Status } from '../../../src/client/protocol/Protocol';
import type { Verb } from '../memcached/Command';
import type { Execution, KeyState } from '../memcached/History';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import type { LeaseRecord, Promised } from '../workload/LeaseBook';
import { Truth } from './Truth';

const PREFIX = 'lock:';
/** Seconds between the end of the ttl and the expiry of a dead holder's lock. */
const EXTRA_SECONDS = 3;
/** Operations that end or replace a lock. */
const TAKES = new Set<Verb>(['delete', 'replace', 'cas', 'set']);

/**
 * Checks mutual exclusion while the servers keep their memory. Only the holder may release a lock.
 */
export function checkLocks(run: Run, report: (violation: string) => void): void {
    const { book, plan } = run.service;
    const truth = new Truth(run);
    for (const violation of book.violations) report(violation);
    const executions = run.servers.flatMap(({ history }) => history.executions).filter(isOfLock);
    const owners = new Map<string, Execution>();
    for (const one of executions) {
        if (one.verb === 'add' && one.status === Status.OK) owners.set(one.sent.toString(), one);
    }
    for (const record of book.records.values()) {
        checkFencing(record, owners, report);
        const acquired = owners.get(record.token);
        if (acquired === undefined) continue;
        for (const promised of record.promised) checkPromise(run, truth, record, promised, acquired, report);
    }
    // Without CAS the component grants no lock. A call deletes the lock that it has added, or lets
    // the lock expire.
    if (plan.hasCas) for (const one of executions) checkOwner(one, owners, report);
    for (const entry of run.ledger.entries) {
        if (
            plan.hasCas &&
            isBusy(entry) &&
            !run.ledger.entries.some(one => isConcurrent(one, entry) || isAfterClose(one, entry))
        )
            checkBusy(truth, entry, owners, report);
        const released = owners.get(entry.notes.get('token') as string);
        if (released !== undefined && entry.error === null) checkReleased(truth, entry, released, report);
    }
    checkExpiries(executions, run, report);
}

function isOfLock({ key }: Execution): boolean {
    return key.startsWith(PREFIX);
}

/** Checks that the server of the lease stores the token for as long as the lease promises. */
function checkPromise(
    run: Run,
    truth: Truth,
    { process, key, token, releasingMs }: LeaseRecord,
    { atMs, untilMs }: Promised,
    { server, atMs: sinceMs }: Execution,
    report: (violation: string) => void,
): void {
    const endMs = Math.min(untilMs, releasingMs);
    if (endMs <= atMs) return;
    const history = truth.historyOf(server);
    // A restart frees every lock of the server.
    if (history.losses.some(lostMs => lostMs <= endMs && lostMs >= sinceMs)) return;
    if (run.service.plan.faults.some(fault => fault.kind === 'evict' && fault.key === PREFIX + key)) return;
    for (const state of history.between(PREFIX + key, atMs, endMs)) {
        if (state.toMs === atMs || state.fromMs === endMs || holds(state, token)) continue;
        const stored = state.item === null ? 'no lock' : 'another lock';
        report(
            `${process} held ${key} from ${atMs.toFixed(1)} to ${endMs.toFixed(1)}, but the server stored ${stored} from ${state.fromMs.toFixed(1)} to ${state.toMs.toFixed(1)}`,
        );
    }
}

function holds({ item }: KeyState, token: string): boolean {
    return item?.value.toString() === token;
}

/** Checks the fencing token, which is the CAS of the acquisition. */
function checkFencing(
    { process, key, token, fencingToken }: LeaseRecord,
    owners: ReadonlyMap<string, Execution>,
    report: (violation: string) => void,
): void {
    const added = owners.get(token);
    if (added === undefined) report(`${process} has a lease of ${key} without an executed ADD`);
    else if (added.after!.cas > fencingToken)
        report(`${process} has a fencing token of ${key} that is older than the acquisition`);
}

/** Checks that a process deletes and replaces only its own locks. */
function checkOwner(
    { verb, key, process, status, before, atMs }: Execution,
    owners: ReadonlyMap<string, Execution>,
    report: (violation: string) => void,
): void {
    if (status !== Status.OK || before === null) return;
    if (!TAKES.has(verb)) return;
    const owner = owners.get(before.value.toString())?.process;
    if (owner !== process) report(`${process} took ${key} from ${owner} at ${atMs.toFixed(1)}`);
}

function isBusy({ step, result, error, endMs }: Entry): boolean {
    if (endMs === Infinity) return false;
    if (codeOf(error) === 'LOCK_TIMEOUT') return true;
    return (step.verb === 'tryAcquireLease' || step.verb === 'tryAcquireLock') && error === null && !result;
}

/** Returns whether another call of the process may acquire the lock during this call. */
function isConcurrent(one: Entry, entry: Entry): boolean {
    if (one === entry || one.process !== entry.process || one.fullKeys[0] !== entry.fullKeys[0]) return false;
    if (!/cquire|withLock/.test(one.step.verb) || one.startMs > entry.endMs) return false;
    return one.endMs >= entry.startMs;
}

/**
 * Returns whether the component closes before the call ends. The component then no longer deletes
 * orphaned locks.
 */
function isAfterClose({ step, process, startMs }: Entry, entry: Entry): boolean {
    return step.verb === 'close lock' && process === entry.process && startMs <= entry.endMs;
}

/** Checks that a busy lock has another holder. */
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
    const isOrphanDeleted = deletions.length > 0;
    if (isOrphanDeleted || truth.during(entry).some(isAnother)) return;
    report(`${entry.process} #${entry.step.id} ${entry.step.verb} found the lock busy without another holder`);
}

function isDeletion({ verb, status, process }: Execution, entry: Entry): boolean {
    return process === entry.process && verb === 'delete' && status === Status.OK;
}

/**
 * Checks that a successful release leaves no lock behind. If the key moves to another server, the
 * lock may stay on the old server.
 */
function checkReleased(
    truth: Truth,
    entry: Entry,
    { server, atMs }: Execution,
    report: (violation: string) => void,
): void {
    const token = entry.notes.get('token') as string;
    const [key] = entry.fullKeys;
    if (truth.places.between(entry.user, key!, atMs, entry.endMs).some(place => place !== server)) return;
    const states = truth.historyOf(server).between(key!, entry.endMs, Infinity);
    if (states.some(state => state.toMs > entry.endMs && holds(state, token)))
        report(`${entry.process} #${entry.step.id} released ${key}, but the server still stores the lock`);
}

/** Checks that a dead holder blocks the key for at most its ttl and three seconds. */
function checkExpiries(executions: readonly Execution[], { ledger }: Run, report: (violation: string) => void): void {
    const maxMs = Math.max(1000, ...ledger.entries.map(({ step }) => step.times[0] ?? 0));
    for (const { expiry, sent, key, process } of executions) {
        if (sent.length === 0) continue;
        if (expiry > maxMs / 1000 + EXTRA_SECONDS) report(`${process} stored ${key} for ${expiry} s`);
    }
}
