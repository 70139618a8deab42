import { Outcome } from '../../../src/client/protocol/Protocol';
import type { ServerHealthReport } from '../../../src/client/server/ServerHealthReport';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { userOf } from '../workload/ServerLists';
import { valueOf } from '../workload/values';
import { Places } from './Places';
import { isUnlimited } from './settling';
import { hasTrouble } from './trouble';
import { Truth } from './Truth';

const CHANGES = new Set(['update', 'append text', 'prepend text']);
const ACQUISITIONS = /cquire|withLock/;
const LOCK_PREFIX = 'lock:';

/** Checks that servers with `-C` make every verb that needs CAS fail, without side effects. */
export function checkWithoutCas(run: Run, report: (violation: string) => void): void {
    const { hasCas } = run.service.plan;
    for (const entry of run.ledger.entries) {
        const fail = (message: string): void =>
            report(`${entry.process} #${entry.step.id} ${entry.step.verb} ${message}`);
        if (entry.step.verb.startsWith('check')) checkHealth(entry, hasCas, fail);
        if (hasCas && codeOf(entry.error) === 'CAS_DISABLED') fail('failed with CAS_DISABLED on servers with CAS');
    }
    if (hasCas) return;
    checkChanges(run, report);
    checkAcquisitions(run, report);
}

function checkHealth({ error, result }: Entry, hasCas: boolean, fail: (message: string) => void): void {
    if (error !== null || result === undefined) return;
    for (const { reachable, casEnabled } of result as readonly ServerHealthReport[])
        if (reachable && casEnabled !== null && casEnabled !== hasCas) fail(`reports casEnabled ${casEnabled}`);
}

/** Checks that no call changes an existing value without CAS. */
function checkChanges(run: Run, report: (violation: string) => void): void {
    const truth = new Truth(run);
    for (const { step, fullKeys, process } of run.ledger.entries) {
        if (!CHANGES.has(step.verb)) continue;
        const mark = valueOf(step);
        const changed = truth.executionsOf(
            fullKeys[0]!,
            ({ before, after, status }) =>
                status === 0 && before !== null && before !== after && after !== null && after.value.includes(mark),
        );
        if (changed.some(({ before }) => !before!.value.includes(mark)))
            report(`${process} #${step.id} ${step.verb} changed a value without CAS`);
    }
}

/**
 * Checks that no call returns a lock without CAS, and that the component deletes the lock at once.
 */
function checkAcquisitions(run: Run, report: (violation: string) => void): void {
    const { ledger, servers, service } = run;
    for (const { step, process, error, result, endMs } of ledger.entries) {
        if (!ACQUISITIONS.test(step.verb) || error !== null || endMs === Infinity) continue;
        const isTry = step.verb.startsWith('try');
        if (!isTry || result) report(`${process} #${step.id} ${step.verb} returned a lock without CAS`);
    }
    const { plan } = service;
    if (hasTrouble(plan) || !isUnlimited(plan)) return;
    const { requestTimeoutMs } = plan.client;
    const places = new Places(run);
    for (const { history } of servers) {
        for (const { key, process, atMs, before, after, status } of history.executions) {
            if (!key.startsWith(LOCK_PREFIX) || status !== Outcome.OK || before !== null || after === null) continue;
            const { toMs } = history.between(key, atMs, atMs).find(({ item }) => item === after)!;
            // If the key moves, the client deletes the lock only on the new server.
            const hasMoved = places
                .between(userOf(process, 'lock'), key, atMs, atMs + requestTimeoutMs)
                .some(place => place !== history.server);
            if (toMs - atMs > requestTimeoutMs && !hasMoved)
                report(`${key} keeps the lock ${after.value.toString()} on ${history.server}`);
        }
    }
}
