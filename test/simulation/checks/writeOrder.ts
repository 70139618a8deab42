import type { Entry } from '../schedule/Ledger';
import type { Plan, Step } from '../schedule/Plan';
import type { Run } from '../schedule/runPlan';
import { valueOf } from '../workload/values';
import { World } from '../world/World';
import { isUnlimited } from './settling';
import { Truth } from './Truth';

/** Writes of one request, whose value identifies the execution. */
const WRITES = /^(set|add|replace|append|prepend|setMany|store|storeMany|(add|replace) value)$/;
/** Size from which a value may be overtaken. */
const LARGE_BYTES = 64 * 1024;
/** Size of the pending replies from which a call may use another socket. */
const MAX_PENDING_BYTES = 256 * 1024;
/** Maximum size of a reply with a short value. */
const REPLY_BYTES = 100;
/** Keys of texts and lists. */
const GROWING = /^[tu]/;

/**
 * Checks that servers execute two writes of a key in the order of their calls, under the conditions
 * of docs/cache.md.
 */
export function checkWriteOrder(run: Run, report: (violation: string) => void): void {
    const { plan } = run.service;
    if (plan.cache.hasClear || !isUnlimited(plan)) return;
    // A fault may break connections or move keys.
    const calmMs = World.START_MS + Math.min(...plan.faults.map(({ atMs }) => atMs));
    const truth = new Truth(run);
    const entries = new Map(run.ledger.entries.map(entry => [entry.step.id, entry]));
    for (const turn of plan.tasks.flatMap(({ steps }) => turnsOf(steps))) {
        const writes = turn
            .flatMap(({ id }) => entries.get(id) ?? [])
            .filter(one => isOrdered(one) && one.endMs < calmMs);
        for (const [i, earlier] of writes.entries()) {
            if (plan.client.poolSize > 1 && pendingBytes(earlier, run) >= MAX_PENDING_BYTES) continue;
            for (const later of writes.slice(i + 1)) checkPair(truth, earlier, later, report);
        }
    }
}

/** Splits the steps of a task into groups of calls without an `await` between them. */
function turnsOf(steps: readonly Step[]): Step[][] {
    const turns: Step[][] = [];
    let isSame = false;
    for (const step of steps) {
        if (isSame && step.pauseMs === 0) turns.at(-1)!.push(step);
        else turns.push([step]);
        isSame = !step.isAwaited;
    }
    return turns;
}

function isOrdered({ step, error }: Entry): boolean {
    return WRITES.test(step.verb) && step.bytes < LARGE_BYTES && error === null;
}

/** Returns an upper limit of the replies that are pending at the start of the call. */
function pendingBytes({ process, startMs }: Entry, { ledger, service: { plan } }: Run): number {
    const pending = ledger.entries.filter(
        one => one.process === process && one.startMs <= startMs && one.endMs >= startMs && !WRITES.test(one.step.verb),
    );
    return pending.flatMap(({ step }) => step.keys).reduce((sum, key) => sum + maxBytes(key, plan), 0);
}

/** Returns an upper limit of the value under a key. Each step may add to a text or a list. */
function maxBytes(key: string, { tasks }: Plan): number {
    const sizes = tasks.flatMap(({ steps }) => steps.map(({ bytes }) => bytes + REPLY_BYTES));
    return GROWING.test(key) ? sizes.reduce((sum, size) => sum + size, 0) : Math.max(...sizes);
}

function checkPair(truth: Truth, earlier: Entry, later: Entry, report: (violation: string) => void): void {
    for (const [i, key] of earlier.fullKeys.entries()) {
        const at = later.fullKeys.indexOf(key);
        if (at === -1) continue;
        const first = executionOf(truth, earlier, i);
        const second = executionOf(truth, later, at);
        if (first === undefined || second === undefined || first.server !== second.server) continue;
        const { executions } = truth.historyOf(first.server);
        if (executions.indexOf(first) < executions.indexOf(second)) continue;
        const [writer, overtaken] = [later, earlier].map(({ step }) => `#${step.id} ${step.verb}`);
        report(`${later.process} ${writer} of ${key} overtook ${overtaken}`);
    }
}

function executionOf(
    truth: Truth,
    { step, fullKeys }: Entry,
    index: number,
): ReturnType<Truth['executed']>[0] | undefined {
    const value = valueOf(step, index);
    const key = fullKeys[index]!;
    return truth.executed(key, value)[0] ?? truth.executed(key, JSON.stringify(value))[0];
}
