import type { Execution } from '../memcached/History';
import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { userOf } from '../workload/ServerLists';
import { Places } from './Places';

/** A value says which step has sent it, and which key of the step it is for. */
const MARK = /^"?<(\d+)\.(\d+)>/;

/** What a call stores goes to the server that its list gave the key, however the list changes meanwhile. */
export function checkRouting(run: Run, report: (violation: string) => void): void {
    for (const mistake of run.service.lists.mistakes) report(mistake);
    const places = new Places(run);
    const entries = new Map(run.ledger.entries.map(entry => [entry.step.id, entry]));
    for (const { history } of run.servers) {
        for (const execution of history.executions) {
            const [entry, index] = senderOf(execution, entries) ?? [];
            if (entry === undefined || places.of(entry, index).includes(history.server)) continue;
            const { process, step } = entry;
            report(`${process} #${step.id} ${step.verb} has sent ${execution.key} to ${history.server}`);
        }
    }
    checkLists(run, report);
}

function senderOf(
    { sent, key, requestCas }: Execution,
    entries: ReadonlyMap<number, Entry>,
): readonly [Entry, number] | null {
    // What an update of the cache stores begins with what another call has stored.
    if (sent.length === 0 || (requestCas !== 0n && key.startsWith('c:'))) return null;
    const [, id, index] = MARK.exec(sent.toString('latin1', 0, 16)) ?? [];
    const entry = id === undefined ? undefined : entries.get(Number(id));
    return entry === undefined ? null : [entry, Number(index)];
}

/** In the end each component has the list that discovery answers. */
function checkLists({ service, processes, components }: Run, report: (violation: string) => void): void {
    for (const process of processes) {
        if (!process.isDone) continue;
        for (const { name, discovery } of components.get(process) ?? []) {
            if (discovery === null) continue;
            const [known, used] = [discovery.servers, service.lists.last(userOf(process.name, name))].map(list =>
                list.map(({ host }) => host).join(' '),
            );
            if (known !== used) report(`${process.name} uses ${used} for its ${name}, and discovery knows ${known}`);
        }
    }
}
