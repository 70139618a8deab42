import { COUNTER_NAMES } from '../../../src/component/counterNames';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Fault } from '../schedule/Plan';
import type { Run } from '../schedule/runPlan';
import { World } from '../world/World';
import { isRoomy } from './settling';
import { Truth } from './Truth';

/** How many keys of the call were answered without memcached. */
export function softenedOf({ countsAtEnd }: Entry): number {
    return countsAtEnd.get(COUNTER_NAMES.cache.fallbacks) ?? 0;
}

/** With `options.fail_soft` these answer a miss, or do nothing, while memcached is unavailable. */
const SOFT = new Set(
    'retrieve contains retrieveAndTouch retrieveMany store storeMany remove removeMany'
        .split(' ')
        .concat('touch value'),
);
/** Also without that option: it calls its loader. */
const ALWAYS = 'retrieveOrLoad';
/** Memcached cannot be reached. All other errors stay errors. */
const UNAVAILABLE = new Set(['CONNECTION_LOST', 'SERVER_DOWN', 'TIMEOUT', 'OVERLOADED', 'CONNECT_FAILED']);
/** Keep no answer from a caller. */
const HARMLESS = new Set(['skip', 'evict', 'clock', 'kill', 'full', 'refuse', 'list', 'discovery']);

/** Calls are answered without memcached when that is unavailable, and where docs/cache.md says it. */
export function checkFailSoft(run: Run, report: (violation: string) => void): void {
    const truth = new Truth(run);
    const { plan } = run.service;
    for (const entry of run.ledger.entries) {
        // It is tried again until it has an answer.
        if (entry.endMs === Infinity || entry.step.verb === 'recover cache') continue;
        const { step, process } = entry;
        const say = (what: string): void => report(`${process} #${step.id} ${step.verb} ${what}`);
        const isSoft = step.verb === ALWAYS || (plan.failSoft && (SOFT.has(step.verb) || step.verb === 'publish'));
        const unavailable = codesOf(entry).find(code => UNAVAILABLE.has(code));
        if (isSoft && unavailable !== undefined) say(`failed with ${unavailable}`);
        if (softenedOf(entry) === 0) continue;
        if (!isSoft) say('was answered without memcached');
        if (SOFT.has(step.verb) && step.keys.length === 1 && !isNothing(entry)) say('answered without memcached');
        if (!hasReason(entry, run, truth)) say('was answered without memcached, which nothing kept from it');
    }
}

function isNothing({ step, result }: Entry): boolean {
    if (step.verb.endsWith('Many')) return result === undefined || (result as ReadonlyMap<string, unknown>).size === 0;
    return step.verb === 'store' || result === null || result === false;
}

/** Of the call, or of its keys. */
function codesOf({ error }: Entry): string[] {
    const { failed = new Map<string, Error>() } = (error ?? {}) as { failed?: ReadonlyMap<string, Error> };
    return [error, ...failed.values()].map(codeOf).filter(code => code !== null);
}

/** Something has kept the server of one of its keys from answering, or may have done so before. */
function hasReason(entry: Entry, run: Run, { places }: Truth): boolean {
    const { endMs, fullKeys, process } = entry;
    const { plan } = run.service;
    // Few calls may be pending at a time, and a large value takes longer than a call may.
    if (!isRoomy(plan)) return true;
    const servers = fullKeys.flatMap((_, i) => places.of(entry, i));
    const concerns = (fault: Fault): boolean =>
        !('server' in fault) || servers.includes(run.servers[fault.server]!.name);
    const isOfProcess = (fault: Fault): boolean =>
        !('process' in fault) || run.processes[fault.process]!.name === process;
    return plan.faults.some(
        fault =>
            !HARMLESS.has(fault.kind) && World.START_MS + fault.atMs <= endMs && concerns(fault) && isOfProcess(fault),
    );
}
