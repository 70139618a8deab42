import type { Execution } from '../memcached/History';
import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { userOf } from '../workload/ServerLists';
import { Places } from './Places';

/** Pattern for the step and the index of the key in a value. */
const MARK = /^"?<(\d+)\.(\d+)>/;

/** Checks that each value goes to the server that the list of its call assigns to the key. */
export function checkRouting(run: Run, report: (violation: string) => void): void {
    for (const violation of run.service.lists.violations) report(violation);
    const places = new Places(run);
    const entries = new Map(run.ledger.entries.map(entry => [entry.step.id, entry]));
    for (const { history } of run.servers) {
        for (const execution of history.executions) {
            const [entry, index] = senderOf(execution, entries) ?? [];
            if (entry === undefined || places.of(entry, index).includes(history.server)) continue;
            const { process, step } = entry;
            report(
                `${process} #${step.id} ${step.verb} sent ${execution.key} to ${history.server}, which does not own it`,
            );
        }
    }
    checkLists(run, report);
}

function senderOf(
    { sent, key, requestCas }: Execution,
    entries: ReadonlyMap<number, Entry>,
): readonly [Entry, number] | null {
    // The stored value of an update begins with the value of an earlier call.
    if (sent.length === 0 || (requestCas !== 0n && key.startsWith('c:'))) return null;
    const [, id, index] = MARK.exec(sent.toString('latin1', 0, 16)) ?? [];
    const entry = id === undefined ? undefined : entries.get(Number(id));
    return entry === undefined ? null : [entry, Number(index)];
}

/** Checks that each component ends with the server list that discovery returns. */
function checkLists({ service, processes, components }: Run, report: (violation: string) => void): void {
    for (const process of processes) {
        if (!process.isDone) continue;
        for (const { name, discovery } of components.get(process) ?? []) {
            if (discovery === null) continue;
            const [known, used] = [discovery.servers, service.lists.last(userOf(process.name, name))].map(list =>
                list.map(({ host }) => host).join(' '),
            );
            if (known !== used) report(`${process.name} uses ${used} for its ${name}, but discovery returns ${known}`);
        }
    }
}
