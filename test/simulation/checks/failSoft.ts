import { COUNTER_NAMES } from '../../../src/component/counterNames';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { hasCause } from './causes';
import { Places } from './Places';
import { isUnlimited } from './settling';

/** Counts the keys of the call that the cache answers without memcached. */
export function fallbacksOf({ countsAtEnd }: Entry): number {
    return countsAtEnd.get(COUNTER_NAMES.cache.fallbacks) ?? 0;
}

/**
 * Verbs with a fallback. With `options.fail_soft` these verbs return a miss or have no effect on an
 * outage.
 */
const SOFT_VERBS = new Set(
    'retrieve contains retrieveAndTouch retrieveMany store storeMany remove removeMany'
        .split(' ')
        .concat('touch value'),
);
/** Verb that falls back even without `options.fail_soft`, by calling its loader. */
const LOADING_VERB = 'retrieveOrLoad';
/** Errors of an unavailable server. All other errors reach the caller. */
const UNAVAILABLE = new Set(['CONNECTION_LOST', 'SERVER_DOWN', 'TIMEOUT', 'OVERLOADED', 'CONNECT_FAILED']);
/** Faults that do not make a server unavailable. */
const HARMLESS = new Set(['skip', 'evict', 'clock', 'kill', 'full', 'refuse', 'list', 'discovery']);

/**
 * Checks that fallbacks happen only while a server is unavailable and only where docs/cache.md
 * allows.
 */
export function checkFailSoft(run: Run, report: (violation: string) => void): void {
    const places = new Places(run);
    const { plan } = run.service;
    for (const entry of run.ledger.entries) {
        // The recovery retries until its success.
        if (entry.endMs === Infinity || entry.step.verb === 'recover cache') continue;
        const { step, process } = entry;
        const fail = (message: string): void => report(`${process} #${step.id} ${step.verb} ${message}`);
        const mayFallBack =
            step.verb === LOADING_VERB || (plan.failSoft && (SOFT_VERBS.has(step.verb) || step.verb === 'publish'));
        const unavailable = codesOf(entry).find(code => UNAVAILABLE.has(code));
        if (mayFallBack && unavailable !== undefined) fail(`failed with ${unavailable}`);
        if (fallbacksOf(entry) === 0) continue;
        if (!mayFallBack) fail('fell back, but must reach memcached');
        if (SOFT_VERBS.has(step.verb) && step.keys.length === 1 && !isFallbackResult(entry))
            fail('returned a value for a fallback');
        // A small `max_pending` or a narrow window makes calls fail without a fault.
        const keys = entry.fullKeys.map((_, i) => i);
        if (isUnlimited(plan) && !hasCause(entry, keys, HARMLESS, run, places)) fail('fell back without an outage');
    }
}

function isFallbackResult({ step, result }: Entry): boolean {
    if (step.verb.endsWith('Many')) return result === undefined || (result as ReadonlyMap<string, unknown>).size === 0;
    return step.verb === 'store' || result === null || result === false;
}

/** Returns the error codes of the call and of its keys. */
function codesOf({ error }: Entry): string[] {
    const { failed = new Map<string, Error>() } = (error ?? {}) as { failed?: ReadonlyMap<string, Error> };
    return [error, ...failed.values()].map(codeOf).filter(code => code !== null);
}
