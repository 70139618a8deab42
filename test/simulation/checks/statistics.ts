import type { MemcachedClient } from '../../../src/client/MemcachedClient';
import { Opcode } from '../../../src/client/protocol/binary/constants';
import { Outcome } from '../../../src/client/protocol/Protocol';
import type { Run } from '../schedule/runPlan';

/** `calls` are those that were answered, those that failed, and those in flight: none after `close`. */
export function checkStatistics(run: Run, report: (violation: string) => void): void {
    const { components, processes } = run;
    for (const process of processes) {
        if (process.loop.isDead) continue;
        for (const { client } of (components.get(process) ?? []) as readonly { client?: MemcachedClient }[]) {
            if (client === undefined) continue;
            if (client.pendingCount > 0) report(`${process.name} has ${client.pendingCount} pending calls`);
            for (const { address, calls, answered, failed, inFlight } of client.getStats()) {
                if (calls === answered + failed && inFlight === 0) continue;
                report(
                    `${process.name} counts ${calls} calls to ${address}: ${answered} answered, ${failed} failed, ${inFlight} in flight`,
                );
            }
            checkReads(run, process.name, client, report);
        }
    }
}

const READS = new Set<number>([Opcode.GET, Opcode.GETQ, Opcode.GAT]);

/** While every call is answered, the client counts the keys that it reads as the servers do. */
function checkReads(
    { servers }: Run,
    process: string,
    client: MemcachedClient,
    report: (violation: string) => void,
): void {
    if (client.getStats().some(({ failed, retries }) => failed + retries > 0)) return;
    for (const { history } of servers) {
        const reads = history.executions.filter(one => one.process === process && READS.has(one.opcode));
        const found = reads.filter(({ status }) => status === Outcome.OK).length;
        const { hits, misses } = client.getStats().find(({ address }) => address.startsWith(`${history.server}:`))!;
        if (hits !== found || misses !== reads.length - found)
            report(
                `${process} counts ${hits} hits and ${misses} misses of ${history.server}, which had ${found} of ${reads.length}`,
            );
    }
}
