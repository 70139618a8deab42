import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { fallbacksOf } from './failSoft';
import type { LoaderRun } from '../workload/DataSource';
import { userOf } from '../workload/ServerLists';
import { Places } from './Places';
import { hasTrouble } from './trouble';

interface Publication {
    readonly version: number;
    readonly process: string;
    /** Servers that may execute the publication. */
    readonly places: readonly string[];
    /** Time of the acknowledgement, or Infinity for an unknown outcome. */
    readonly doneMs: number;
    readonly startedMs: number;
}

/**
 * Checks that no value is older than an earlier store or removal, except where docs/cache.md
 * allows.
 */
export function checkLoads(run: Run, report: (violation: string) => void): void {
    const places = new Places(run);
    const publications = publicationsOf(run.ledger.entries, places);
    for (const entry of run.ledger.entries) {
        if (entry.step.verb !== 'retrieveOrLoad' || entry.error !== null || entry.endMs === Infinity) continue;
        const [key] = entry.step.keys;
        const version = (entry.result as { version: number } | null)?.version ?? 0;
        const known = publications.get(key!) ?? [];
        const asked = places.of(entry);
        // Other servers may store older values, and so may a server that returns to the list.
        const isSeen = (one: Publication): boolean => one.doneMs < entry.startMs && isOneServer(one.places, asked);
        const newest = Math.max(0, ...known.filter(isSeen).map(one => one.version));
        if (version >= newest || isLate(known, version) || isJoined(run, entry, version, known, newest)) continue;
        if (!run.service.plan.hasCas && isOverwritten(run, key!, version, known, newest)) continue;
        if (fallbacksOf(entry) > 0) continue;
        report(
            `${entry.process} #${entry.step.id} retrieveOrLoad ${key} returned version ${version} after the publication of ${newest}`,
        );
    }
    checkLoaders(run, publications, places, report);
    checkOwnLoaders(run, publications, report);
}

function isOneServer(one: readonly string[], other: readonly string[]): boolean {
    return one.length === 1 && other.length === 1 && one[0] === other[0];
}

function publicationsOf(entries: readonly Entry[], places: Places): Map<string, Publication[]> {
    const byKey = new Map<string, Publication[]>();
    for (const entry of entries) {
        const { step, notes, process, error, endMs } = entry;
        if (step.verb !== 'publish' || !notes.has('version')) continue;
        const of = byKey.get(step.keys[0]!) ?? [];
        byKey.set(step.keys[0]!, of);
        const doneMs = error === null && fallbacksOf(entry) === 0 ? endMs : Infinity;
        of.push({
            version: notes.get('version') as number,
            process,
            places: places.of(entry),
            doneMs,
            startedMs: notes.get('startedMs') as number,
        });
    }
    return byKey;
}

/**
 * Returns whether a store of this version has an unknown outcome. The server may execute such a
 * store at any time.
 */
function isLate(known: readonly Publication[], version: number): boolean {
    return known.some(one => one.version === version && one.doneMs === Infinity);
}

/**
 * Returns whether the caller has joined an earlier load, in a process that has not published the
 * newer value.
 */
function isJoined(
    { service }: Run,
    entry: Entry,
    version: number,
    known: readonly Publication[],
    newest: number,
): boolean {
    const { process, doneMs } = known.find(one => one.version === newest)!;
    if (process === entry.process) return false;
    return service.source.runs.some(
        run =>
            run.process === entry.process &&
            run.key === entry.step.keys[0] &&
            run.version === version &&
            run.startMs <= doneMs &&
            run.endMs >= entry.startMs,
    );
}

/** Returns whether an earlier load may have overwritten a newer value, which needs `-C`. */
function isOverwritten(
    { service }: Run,
    key: string,
    version: number,
    known: readonly Publication[],
    newest: number,
): boolean {
    const { doneMs } = known.find(one => one.version === newest)!;
    return service.source.runs.some(run => run.key === key && run.version === version && run.startMs <= doneMs);
}

/** Checks that loads of a key do not overlap, unless a fault occurs or a call writes the key. */
function checkLoaders(
    { service: { plan, source }, ledger }: Run,
    publications: ReadonlyMap<string, readonly Publication[]>,
    places: Places,
    report: (violation: string) => void,
): void {
    const { cache, client } = plan;
    // With a small `max_pending` the client may reject the request for a lease.
    const isLimited = cache.loadTimeoutMs < 5000 || cache.maxSize === 1 || client.maxPending > 0;
    if (
        isLimited ||
        hasTrouble(plan) ||
        cache.hasClear ||
        ledger.entries.some(
            ({ step, error }) => (step.verb === 'close cache' && step.id > 0) || codeOf(error) === 'OVERLOADED',
        )
    )
        return;
    /**
     * Returns whether the loader starts without a lease after a wait for the full `loadTimeout`.
     */
    const hasWaitedInVain = ({ step: id, startMs }: LoaderRun): boolean => {
        const { startMs: calledMs } = ledger.entries.find(({ step }) => step.id === id)!;
        return startMs - calledMs >= cache.loadTimeoutMs;
    };
    const runs = [...source.runs].sort((one, other) => one.startMs - other.startMs);
    for (const [i, run] of runs.entries()) {
        const homeFrom = (process: string, fromMs: number): readonly string[] =>
            places.between(userOf(process, 'cache'), `c:${run.key}`, fromMs - client.requestTimeoutMs, run.startMs);
        // Each server stores a separate lease.
        const concurrent = runs.slice(0, i).find(
            one =>
                one.key === run.key &&
                // Without CAS, processes share no lease.
                (plan.hasCas || one.process === run.process) &&
                Math.min(one.endMs, one.abortedMs) > run.startMs &&
                isOneServer(homeFrom(one.process, one.startMs), homeFrom(run.process, one.startMs)),
        );
        if (
            concurrent === undefined ||
            [concurrent, run].some(hasWaitedInVain) ||
            isWrittenBetween(publications.get(run.key) ?? [], concurrent, run)
        )
            continue;
        report(`${run.process} loads ${run.key} while ${concurrent.process} loads it`);
    }
}

/**
 * Checks that loads of a key in one process do not overlap, not even while memcached is
 * unavailable, unless the process itself writes the key or closes the cache.
 */
function checkOwnLoaders(
    { service: { plan, source }, ledger: { entries } }: Run,
    publications: ReadonlyMap<string, readonly Publication[]>,
    report: (violation: string) => void,
): void {
    if (plan.cache.hasClear) return;
    const closes = entries.filter(({ step }) => step.verb === 'close cache');
    for (const [i, run] of source.runs.entries()) {
        const { process, key, startMs } = run;
        const other = source.runs
            .slice(0, i)
            .find(one => one.process === process && one.key === key && Math.min(one.endMs, one.abortedMs) > startMs);
        if (other === undefined) continue;
        const calls = entries.filter(({ step }) => step.id === run.step || step.id === other.step);
        const calledMs = Math.min(...calls.map(one => one.startMs));
        const isBetween = (ms: number): boolean => ms >= calledMs && ms <= startMs;
        if (closes.some(one => one.process === process && isBetween(one.startMs))) continue;
        const own = (publications.get(key) ?? []).filter(one => one.process === process);
        if (own.some(({ startedMs }) => isBetween(startedMs))) continue;
        report(`${process} calls the loader of ${key} for #${run.step} beside the one for #${other.step}`);
    }
}

function isWrittenBetween(known: readonly Publication[], first: LoaderRun, second: LoaderRun): boolean {
    return known.some(({ startedMs, doneMs }) => startedMs <= second.startMs && doneMs >= first.startMs - 1000);
}
