import { COUNTER_NAMES } from '../../../src/component/counterNames';
import type { Entry } from '../schedule/Ledger';
import type { Plan } from '../schedule/Plan';
import type { Run } from '../schedule/runPlan';
import { CacheComponent } from '../workload/CacheComponent';
import { compareCounts, compareTotals, type Count } from './counts';
import { CallerAborted } from '../workload/callerSignal';

const NAMES = COUNTER_NAMES.cache;

/** Expected counters of a call. Missing names mean 0. */
type Counts = Readonly<Partial<Record<keyof typeof NAMES, Count>>>;

/** Input of a rule. */
interface Subject {
    readonly entry: Entry;
    readonly plan: Plan;
    /** Number of keys or calls that the cache answers without memcached. */
    readonly fallbacks: number;
}

/**
 * Checks the counters of each call against docs/operations.md, and their totals against `getStats`.
 */
export function checkCacheCounters(run: Run, report: (violation: string) => void): void {
    const { plan } = run.service;
    for (const entry of run.ledger.entries) {
        const rule = RULES[entry.step.verb];
        if (rule === undefined || entry.endMs === Infinity) continue;
        const fallbacks = entry.counts.get(NAMES.fallbacks) ?? 0;
        const expected = rule({ entry, plan, fallbacks });
        const failed = entry.error === null ? 0 : 1;
        compareCounts(
            NAMES,
            entry,
            { failed, cappedExpirations: cappedCount(entry, fallbacks, plan), ...expected },
            report,
        );
    }
    for (const process of run.processes) {
        if (process.loop.isDead) continue;
        for (const component of run.components.get(process) ?? []) {
            if (!(component instanceof CacheComponent)) continue;
            compareTotals(process.name, NAMES, component, report);
            checkLoaders(run, process.name, component, report);
        }
    }
}

/** Checks that the cache counts and times each call of a loader. */
function checkLoaders(
    { service }: Run,
    process: string,
    { stats, meter }: CacheComponent,
    report: (violation: string) => void,
): void {
    const loads = service.source.runs.filter(one => one.process === process).length;
    const timed = meter.samples.get(NAMES.loadTime)?.length ?? 0;
    if (stats.loads !== loads || timed !== loads)
        report(`${process} called ${loads} loaders, counted ${stats.loads} and timed ${timed}`);
}

type Rule = (subject: Subject) => Counts;

/** Returns whether the result is a value or a success. */
function isPositive({ result, error }: Entry): boolean {
    return error === null && result !== null && result !== false;
}

const lookUp: Rule = ({ entry, fallbacks }) => {
    const hits = isPositive(entry) ? 1 : 0;
    if (entry.error !== null || hits === 1) return { hits };
    return { hits, misses: 1 - fallbacks, fallbacks: [0, 1] };
};

const store: Rule = ({ entry, plan, fallbacks }) => ({
    stored: isPositive(entry) ? 1 - fallbacks : 0,
    ...fallbackCounts(entry),
    ...evictionCounts(plan),
});

/** Rule for conditional verbs, which have no fallback because memcached decides. */
const decide: Rule = ({ entry }) => ({ stored: isPositive(entry) ? 1 : 0 });

const change: Rule = ({ entry }) => fallbackCounts(entry);

function fallbackCounts({ error }: Entry): Counts {
    return { fallbacks: [0, error === null ? 1 : 0] };
}

/** Counts the attempts whose expiry exceeds `options.max_expiration`. */
function cappedCount({ step, error }: Entry, fallbacks: number, { cache }: Plan): Count {
    if (!(step.times[0]! > cache.maxExpirationMs)) return 0;
    return [error === null && fallbacks === 0 && CAPPING_VERBS.test(step.verb) ? 1 : 0, Infinity];
}

const CAPPING_VERBS =
    /^(store|storeMany|touch value|retrieveAndTouch|(add|replace) value|(app|prep)end text|update|count)$/;

function evictionCounts({ cache }: Plan): Counts {
    return { evicted: [0, cache.maxSize === 0 ? 0 : Infinity] };
}

function failedOf({ error }: Entry): ReadonlyMap<string, Error> | null {
    return (error as { failed?: Map<string, Error> } | null)?.failed ?? null;
}

const RULES: Readonly<Record<string, Rule>> = {
    retrieve: lookUp,
    contains: lookUp,
    retrieveAndTouch: lookUp,
    retrieveMany: ({ entry, fallbacks }) => {
        const { step, result, error } = entry;
        const failed = failedOf(entry);
        if (error !== null && failed === null) return {};
        const found = failed === null ? result : (error as unknown as { found: unknown }).found;
        const { size } = found as ReadonlyMap<string, unknown>;
        const asked = step.keys.length - (failed?.size ?? 0) - fallbacks;
        return { hits: size, misses: asked - size, fallbacks: [0, step.keys.length] };
    },
    store,
    publish: subject => {
        if (!subject.entry.notes.has('version')) return {};
        const isRemoval = subject.entry.step.amount % 3 === 0;
        return (isRemoval ? change : store)(subject);
    },
    'add value': decide,
    'replace value': decide,
    count: decide,
    'append text': decide,
    'prepend text': decide,
    update: decide,
    remove: change,
    'touch value': change,
    storeMany: ({ entry, plan, fallbacks }) => {
        const { step, error } = entry;
        const failed = failedOf(entry);
        const { maxSize } = plan.cache;
        // The cache stores only the last `max_size` values of a batch.
        const skipped = maxSize === 0 ? 0 : Math.max(0, step.keys.length - maxSize);
        const stored = step.keys.slice(skipped).filter(key => !failed?.has(key)).length;
        const isDone = error === null || failed !== null;
        // With tokens the cache may retry a part of the batch, and the retry may fail.
        const isExact = !plan.cache.hasClear && fallbacks === 0;
        const isPartial = plan.cache.hasClear || (isDone && !isExact);
        return {
            stored: isPartial ? [0, step.keys.length] : isDone ? stored : 0,
            fallbacks: [0, isDone ? step.keys.length : 0],
            ...evictionCounts(plan),
        };
    },
    removeMany: ({ entry }) => ({
        fallbacks: [0, entry.error === null || failedOf(entry) !== null ? entry.step.keys.length : 0],
    }),
    clear: () => ({}),
    retrieveOrLoad: ({ entry, plan }) => {
        const { counts, error, step } = entry;
        const of = (name: keyof typeof NAMES): number => counts.get(NAMES[name]) ?? 0;
        const hasStale = step.times[2]! > 0;
        return {
            // A caller that joins a load sends no read.
            hits: [0, 1 - of('misses')],
            misses: [0, 1],
            // A failed loader is not a failure of the cache.
            failed: [0, error === null ? 0 : 1],
            loads: [0, 1],
            stored: [0, of('loads')],
            storeFailures: plan.faults.some(({ kind }) => kind === 'full' || kind === 'refuse') ? [0, of('loads')] : 0,
            // After an abort of this caller, a caller with a stale value may keep the load running.
            // A load that `close` stops before its loader runs fails, too.
            refreshFailures: [0, error === null && hasStale ? 1 : error instanceof CallerAborted ? of('loads') : 0],
            // The read and the store of the loaded value may each fall back.
            fallbacks: [0, 2],
            ...evictionCounts(plan),
        };
    },
};
