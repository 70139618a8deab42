import { Status } from '../../../src/client/protocol/binary/constants';
import type { ServerHealthReport } from '../../../src/client/server/HealthCheck';
import { codeOf, type Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { userOf } from '../workload/ServerLists';
import { valueOf } from '../workload/values';
import { Places } from './Places';
import { isRoomy } from './settling';
import { hasTrouble } from './trouble';
import { Truth } from './Truth';

const CHANGES = new Set(['update', 'append text', 'prepend text']);
const ACQUISITIONS = /cquire|withLock/;
const LOCK_PREFIX = 'lock:';

/** On servers that run with `-C` what needs a CAS is refused, and leaves nothing behind. */
export function checkWithoutCas(run: Run, report: (violation: string) => void): void {
    const { hasCas } = run.service.plan;
    for (const entry of run.ledger.entries) {
        const say = (what: string): void => report(`${entry.process} #${entry.step.id} ${entry.step.verb} ${what}`);
        if (entry.step.verb.startsWith('check')) checkHealth(entry, hasCas, say);
        if (hasCas && codeOf(entry.error) === 'CAS_DISABLED') say('was refused, and there are CAS');
    }
    if (hasCas) return;
    checkChanges(run, report);
    checkAcquisitions(run, report);
}

function checkHealth({ error, result }: Entry, hasCas: boolean, say: (what: string) => void): void {
    if (error !== null || result === undefined) return;
    for (const { reachable, casEnabled } of result as readonly ServerHealthReport[])
        if (reachable && casEnabled !== null && casEnabled !== hasCas) say(`says that CAS are ${casEnabled}`);
}

/** What is there is not changed: another process may change it meanwhile. */
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
            report(`${process} #${step.id} ${step.verb} has changed a value without a CAS`);
    }
}

/** A lock that could not be released by its holder alone is not given, and is taken back at once. */
function checkAcquisitions(run: Run, report: (violation: string) => void): void {
    const { ledger, servers, service } = run;
    for (const { step, process, error, result, endMs } of ledger.entries) {
        if (!ACQUISITIONS.test(step.verb) || error !== null || endMs === Infinity) continue;
        const isTry = step.verb.startsWith('try');
        if (!isTry || result) report(`${process} #${step.id} ${step.verb} has a lock without a CAS`);
    }
    const { plan } = service;
    if (hasTrouble(plan) || !isRoomy(plan)) return;
    const { requestTimeoutMs } = plan.client;
    const places = new Places(run);
    for (const { history } of servers) {
        for (const { key, process, atMs, before, after, status } of history.executions) {
            if (!key.startsWith(LOCK_PREFIX) || status !== Status.OK || before !== null || after === null) continue;
            const { toMs } = history.between(key, atMs, atMs).find(({ item }) => item === after)!;
            // A key that has got another server meanwhile is not asked for on the one before.
            const isElsewhere = places
                .between(userOf(process, 'lock'), key, atMs, atMs + requestTimeoutMs)
                .some(place => place !== history.server);
            if (toMs - atMs > requestTimeoutMs && !isElsewhere)
                report(`${key} was left with ${after.value.toString()} on ${history.server}`);
        }
    }
}
