import { ERROR_CODES } from '../../../src/client/model/errorCodes';
import { codeOf, type Entry } from '../schedule/Ledger';
import { BAD_KEY } from '../schedule/mistakes';
import type { Plan } from '../schedule/Plan';
import type { Run } from '../schedule/runPlan';
import { LoaderError } from '../workload/CacheComponent';
import { CallerAborted } from '../workload/callerSignal';
import { boundOf, SLACK_MS } from './bounds';
import { Truth } from './Truth';

/** Checks that every call settles within its limit, with a value or a documented error. */
export function checkSettling(run: Run, report: (violation: string) => void): void {
    const truth = new Truth(run);
    const { plan } = run.service;
    const protocols = new Map(run.processes.map(({ name, protocol }) => [name, protocol]));
    const dead = new Set(run.processes.filter(({ loop }) => loop.isDead).map(({ name }) => name));
    for (const entry of run.ledger.entries) {
        const call = `${entry.process} #${entry.step.id} ${entry.step.verb}`;
        if (entry.endMs === Infinity) {
            if (!dead.has(entry.process)) report(`${call} never settled`);
            continue;
        }
        const tookMs = entry.endMs - entry.startMs;
        const heldMs = entry.heldAfterMs - entry.heldBeforeMs;
        const boundMs =
            boundOf(
                entry,
                plan,
                protocols.get(entry.process)!,
                truth.changesDuring(entry),
                truth.places.changesDuring(entry),
            ) +
            2 * heldMs +
            SLACK_MS;
        if (tookMs > boundMs) report(`${call} took ${tookMs.toFixed(1)} ms, more than ${boundMs.toFixed(1)} ms`);
        const code = codeOf(entry.error);
        if (code === null) continue;
        if (entry.error instanceof LoaderError || entry.error instanceof CallerAborted) continue;
        if (isUnanswered(entry, run)) continue;
        if (!Object.hasOwn(ERROR_CODES, code)) report(`${call} failed with ${entry.error!.stack}`);
        else if (!isExpected(code, entry, run)) report(`${call} failed with ${code}: ${entry.error!.message}`);
    }
    for (const { name, isDone, loop } of run.processes) {
        if (!isDone && !loop.isDead) report(`${name} did not finish`);
    }
}

/** Errors of a server that does not answer. */
export const FAULTS = new Set(['TIMEOUT', 'CONNECTION_LOST', 'SERVER_DOWN', 'SERVER_ERROR', 'CONNECT_FAILED']);

const EXPECTED = new Set([
    'OVERLOADED',
    'LOCK_TIMEOUT',
    'LOCK_LOST',
    'LOAD_TIMEOUT',
    'UPDATE_CONFLICT',
    'BATCH_FAILED',
]);
/** A smaller window makes large values exceed the timeout. */
export const NARROW_BYTES = 65_536;

export function isNarrow({ windowBytes }: Plan): boolean {
    return windowBytes < NARROW_BYTES;
}

/** Returns whether only faults can make a call fail. */
export function isUnlimited(plan: Plan): boolean {
    return !isNarrow(plan) && plan.client.maxPending === 0;
}

/** Faults that do not make a server unavailable. */
export const HARMLESS = new Set(['skip', 'evict', 'clock', 'kill', 'refuse', 'list', 'discovery']);

/** Returns whether discovery returns no usable list while the component opens. */
export function isUnanswered({ step, error, user, startMs, endMs }: Entry, { service: { lists } }: Run): boolean {
    if (!step.verb.startsWith('open') || !UNANSWERED.has(codeOf(error)!)) return false;
    return lists.outages.some(one => one.user === user && one.fromMs <= endMs && one.toMs >= startMs);
}

const UNANSWERED = new Set(['DISCOVERY_FAILED', 'NO_CONNECTION', 'INVALID_CONNECTION', 'CONNECT_FAILED']);

/** Returns whether the component opens before the call and stays open. */
function isOpenFor({ user, startMs, endMs }: Entry, entries: readonly Entry[]): boolean {
    const own = entries.filter(one => one.user === user);
    return own.some(
        open =>
            open.step.verb.startsWith('open ') &&
            open.error === null &&
            open.endMs <= startMs &&
            !own.some(
                ({ step, startMs: fromMs, endMs: toMs }) =>
                    step.verb.startsWith('close ') && fromMs <= endMs && toMs >= open.startMs,
            ),
    );
}

/** Returns whether the plan explains the error. */
function isExpected(code: string, entry: Entry, { service: { plan }, ledger }: Run): boolean {
    const { step } = entry;
    // Recovery starts after all faults, so it must succeed.
    if (step.verb.startsWith('recover')) return false;
    if (code === 'INVALID_KEY') return step.keys.includes(BAD_KEY);
    if (code === 'AUTH_FAILED') return plan.hasLogin;
    if (code === 'CAS_DISABLED') return !plan.hasCas;
    if (code === 'NOT_OPENED') return !isOpenFor(entry, ledger.entries);
    if (isNarrow(plan)) return true;
    // `checkCauses` looks for the fault.
    return FAULTS.has(code) || EXPECTED.has(code);
}
