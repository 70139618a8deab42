import { codeOf, type Entry } from '../schedule/Ledger';
import type { Fault } from '../schedule/Plan';
import type { Run } from '../schedule/runPlan';
import { World } from '../world/World';
import { Places } from './Places';
import { FAULTS, HARMLESS, isNarrow, isUnanswered } from './settling';

/**
 * Checks that a call fails only after a fault of its own server, and that a batch fails only for
 * the keys of such a server.
 */
export function checkCauses(run: Run, report: (violation: string) => void): void {
    if (isNarrow(run.service.plan)) return;
    const places = new Places(run);
    for (const entry of run.ledger.entries) {
        const { process, step, fullKeys, error } = entry;
        const all = fullKeys.map((_, i) => i);
        const check = (code: string | null, keys: readonly number[]): void => {
            if (code === null || !FAULTS.has(code) || isUnanswered(entry, run)) return;
            if (hasCause(entry, keys, HARMLESS, run, places)) return;
            const names = keys.map(i => step.keys[i]).join(' ');
            report(`${process} #${step.id} ${step.verb} ${names} failed with ${code} without a fault of the server`);
        };
        check(codeOf(error), all);
        for (const i of all) check(codeOf(failedOf(entry)?.get(step.keys[i]!) ?? null), [i]);
    }
}

/** Returns the errors of the keys of a batch, which the cache throws and the client returns. */
function failedOf({ error, result }: Entry): ReadonlyMap<string, Error> | undefined {
    return ((error ?? result) as { failed?: ReadonlyMap<string, Error> } | null | undefined)?.failed;
}

/**
 * Returns whether a fault has begun on a server of these keys, in the process of the call. A call
 * without keys uses all servers.
 * @param keys indexes of the keys
 * @param harmless the kinds of faults that do not count
 */
export function hasCause(
    entry: Entry,
    keys: readonly number[],
    harmless: ReadonlySet<string>,
    { service: { plan }, servers, processes }: Run,
    places: Places,
): boolean {
    const owners = keys.flatMap(i => places.of(entry, i));
    const isOfServer = (fault: Fault): boolean =>
        !('server' in fault) || owners.length === 0 || owners.includes(servers[fault.server]!.name);
    const isOfProcess = (fault: Fault): boolean =>
        !('process' in fault) || processes[fault.process]!.name === entry.process;
    return plan.faults.some(
        fault =>
            !harmless.has(fault.kind) &&
            World.START_MS + fault.atMs <= entry.endMs &&
            isOfServer(fault) &&
            isOfProcess(fault),
    );
}
