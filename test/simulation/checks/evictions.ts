import { Opcode } from '../../../src/client/protocol/binary/constants';
import { Outcome } from '../../../src/client/protocol/Protocol';
import type { Execution } from '../memcached/History';
import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { isRoomy } from './settling';
import { hasTrouble } from './trouble';

/** Keys of values that only these verbs write. */
const KEY = /^c:(#[^:]+:)?(v\d+)$/;
const STORES = new Set(['store', 'storeMany']);
/** Of a batch that is larger than `max_size`, too. */
const REMOVES = new Set(['remove', 'removeMany', 'storeMany']);
/** In each value stands the number of its step. */
const STEP = /<(\d+)\.\d+>/;

/** An instance removes what it is told to, and evicts what it has stored itself. */
export function checkEvictions({ ledger, servers, service: { plan } }: Run, report: (violation: string) => void): void {
    const steps = new Map(ledger.entries.map(entry => [entry.step.id, entry]));
    const hasFaults = hasTrouble(plan) || !isRoomy(plan);
    for (const one of servers.flatMap(({ history }) => history.executions)) {
        const [, , key] = KEY.exec(one.key) ?? [];
        if (key === undefined || !isDeletion(one)) continue;
        const writer = steps.get(Number(STEP.exec(one.before!.value.toString('latin1'))![1]))!;
        const isOwn = one.requestCas !== 0n && writer.process === one.process && STORES.has(writer.step.verb);
        if (isOwn || ledger.entries.some(entry => isRemovalBy(entry, one, key, hasFaults))) continue;
        report(`${one.process} has deleted ${key}, which #${writer.step.id} of ${writer.process} had stored`);
    }
}

function isDeletion({ opcode, status, before }: Execution): boolean {
    return (opcode === Opcode.DELETE || opcode === Opcode.DELETEQ) && status === Outcome.OK && before !== null;
}

/** After a fault a removal may be carried out late: its outcome is unknown, or it was sent again. */
function isRemovalBy(entry: Entry, { process, atMs, requestCas }: Execution, key: string, hasFaults: boolean): boolean {
    const { step, startMs, endMs } = entry;
    if (requestCas !== 0n || entry.process !== process || !REMOVES.has(step.verb)) return false;
    return step.keys.includes(key) && startMs <= atMs && (endMs >= atMs || hasFaults);
}
