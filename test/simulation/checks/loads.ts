import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { softenedOf } from './failSoft';
import type { LoaderRun } from '../workload/DataSource';
import { userOf } from '../workload/ServerLists';
import { Places } from './Places';
import { hasTrouble } from './trouble';

interface Publication {
    readonly version: number;
    readonly process: string;
    /** On which servers it may have been made. */
    readonly places: readonly string[];
    /** Infinity: it is unknown whether it was carried out. */
    readonly doneMs: number;
    readonly begunMs: number;
}

/** No value is older than what was stored or removed before the call, but for what docs/cache.md says. */
export function checkLoads(run: Run, report: (violation: string) => void): void {
    const places = new Places(run);
    const publications = publicationsOf(run.ledger.entries, places);
    for (const entry of run.ledger.entries) {
        if (entry.step.verb !== 'retrieveOrLoad' || entry.error !== null || entry.endMs === Infinity) continue;
        const [key] = entry.step.keys;
        const version = (entry.result as { version: number } | null)?.version ?? 0;
        const known = publications.get(key!) ?? [];
        const asked = places.of(entry);
        // Another server has old values, and one that has come back has its own.
        const isSeen = (one: Publication): boolean => one.doneMs < entry.startMs && isOneServer(one.places, asked);
        const newest = Math.max(0, ...known.filter(isSeen).map(one => one.version));
        if (version >= newest || isLate(known, version) || isJoined(run, entry, version, known, newest)) continue;
        if (!run.service.plan.hasCas && isOverwritten(run, key!, version, known, newest)) continue;
        if (softenedOf(entry) > 0) continue;
        report(
            `${entry.process} #${entry.step.id} retrieveOrLoad ${key} answered version ${version}, after version ${newest} was published`,
        );
    }
    checkLoaders(run, publications, places, report);
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
        const doneMs = error === null && softenedOf(entry) === 0 ? endMs : Infinity;
        of.push({
            version: notes.get('version') as number,
            process,
            places: places.of(entry),
            doneMs,
            begunMs: notes.get('begunMs') as number,
        });
    }
    return byKey;
}

/** A store with an unknown outcome may be carried out at any time. */
function isLate(known: readonly Publication[], version: number): boolean {
    return known.some(one => one.version === version && one.doneMs === Infinity);
}

/** In a process that has not published it itself a caller may join a load that began before. */
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

/** Without CAS a load that began before overwrites what was stored meanwhile. */
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

/** The shortest life of a lease that is not renewed. */
const LEASE_MS = 2000;

/** While nothing fails and no call writes the key, one loader of it runs at a time. */
function checkLoaders(
    { service: { plan, source }, ledger }: Run,
    publications: ReadonlyMap<string, readonly Publication[]>,
    places: Places,
    report: (violation: string) => void,
): void {
    const { cache, client } = plan;
    // With few calls at a time a lease may be refused.
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
    /** It has waited for another loader for as long as it may, and has no lease. */
    const isImpatient = ({ step: id, startMs }: LoaderRun): boolean => {
        const { startMs: calledMs } = ledger.entries.find(({ step }) => step.id === id)!;
        return startMs - calledMs >= cache.loadTimeoutMs;
    };
    const runs = [...source.runs].sort((one, other) => one.startMs - other.startMs);
    for (const [i, run] of runs.entries()) {
        // Without CAS each process loads a stale value, and a loader that takes long gets company.
        if (!plan.hasCas && ledger.entries.some(entry => mayBeStale(entry, run.key))) continue;
        if (!plan.hasCas && runs.some(one => one.key === run.key && hasOutlivedLease(one, run.startMs))) continue;
        const homeFrom = (process: string, fromMs: number): readonly string[] =>
            places.between(userOf(process, 'cache'), `c:${run.key}`, fromMs - client.requestTimeoutMs, run.startMs);
        // Each server has a lease of its own.
        const beside = runs
            .slice(0, i)
            .find(
                one =>
                    one.key === run.key &&
                    Math.min(one.endMs, one.abortedMs) > run.startMs &&
                    isOneServer(homeFrom(one.process, one.startMs), homeFrom(run.process, one.startMs)),
            );
        if (
            beside === undefined ||
            [beside, run].some(isImpatient) ||
            isWrittenBetween(publications.get(run.key) ?? [], beside, run)
        )
            continue;
        report(`${run.process} loads ${run.key} while ${beside.process} loads it`);
    }
}

function mayBeStale({ step: { verb, keys, times } }: Entry, key: string): boolean {
    return verb === 'retrieveOrLoad' && keys[0] === key && times[2]! > 0;
}

function hasOutlivedLease({ startMs, endMs, abortedMs }: LoaderRun, nowMs: number): boolean {
    return Math.min(endMs, abortedMs, nowMs) - startMs > LEASE_MS;
}

function isWrittenBetween(known: readonly Publication[], first: LoaderRun, second: LoaderRun): boolean {
    return known.some(({ begunMs, doneMs }) => begunMs <= second.startMs && doneMs >= first.startMs - 1000);
}
