import { Outcome } from '../../../src/client/protocol/Protocol';
import type { Execution } from '../memcached/History';
import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { isUnlimited } from './settling';
import { hasTrouble } from './trouble';

/** Keys of values that only the verbs below write. */
const KEY = /^c:(#[^:]+:)?(v\d+)$/;
const STORES = new Set(['store', 'storeMany']);
/** Verbs that remove values. `storeMany` removes values if the batch exceeds `max_size`. */
const REMOVES = new Set(['remove', 'removeMany', 'storeMany']);
/** Each value contains the number of its step. */
const STEP = /<(\d+)\.\d+>/;

/** Checks that an instance deletes only removed keys, and evicts only its own values. */
export function checkEvictions({ ledger, servers, service: { plan } }: Run, report: (violation: string) => void): void {
    const steps = new Map(ledger.entries.map(entry => [entry.step.id, entry]));
    const hasFaults = hasTrouble(plan) || !isUnlimited(plan);
    for (const one of servers.flatMap(({ history }) => history.executions)) {
        const [, , key] = KEY.exec(one.key) ?? [];
        if (key === undefined || !isDeletion(one)) continue;
        const writer = steps.get(Number(STEP.exec(one.before!.value.toString('latin1'))![1]))!;
        const isOwn = one.requestCas !== 0n && writer.process === one.process && STORES.has(writer.step.verb);
        if (isOwn || ledger.entries.some(entry => isRemovalBy(entry, one, key, hasFaults))) continue;
        report(`${one.process} deleted ${key}, stored by #${writer.step.id} of ${writer.process}`);
    }
}

function isDeletion({ verb, status, before }: Execution): boolean {
    return verb === 'delete' && status === Outcome.OK && before !== null;
}

/**
 * Returns whether the call explains the deletion. After a fault the server may execute a removal
 * late.
 */
function isRemovalBy(entry: Entry, { process, atMs, requestCas }: Execution, key: string, hasFaults: boolean): boolean {
    const { step, startMs, endMs } = entry;
    if (requestCas !== 0n || entry.process !== process || !REMOVES.has(step.verb)) return false;
    return step.keys.includes(key) && startMs <= atMs && (endMs >= atMs || hasFaults);
}
