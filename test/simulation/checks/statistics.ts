import type { ServerStats } from '../../../src/diagnostics/ServerMetrics';
import { Outcome } from '../../../src/client/protocol/Protocol';
import type { Verb } from '../memcached/Command';
import type { Run } from '../schedule/runPlan';
import { ClientComponent } from '../workload/ClientComponent';
import type { SimProcess } from '../workload/SimProcess';

/**
 * Checks that `calls` equals answered plus failed calls, and that no call is in flight after
 * `close`.
 */
export function checkStatistics(run: Run, report: (violation: string) => void): void {
    const { components, processes } = run;
    for (const process of processes) {
        if (process.loop.isDead) continue;
        for (const component of components.get(process) ?? []) {
            if (!(component instanceof ClientComponent)) continue;
            const { client, everyServer } = component;
            if (client.pendingCount > 0) report(`${process.name} has ${client.pendingCount} pending calls`);
            const stats = [...everyServer].map(server => server.getStats());
            for (const { address, calls, answered, failed, inFlight } of stats) {
                if (calls === answered + failed && inFlight === 0) continue;
                report(
                    `${process.name} counts ${calls} calls to ${address}: ${answered} answered, ${failed} failed, ${inFlight} in flight`,
                );
            }
            if (!isMisled(run, process)) checkReads(run, process.name, stats, report);
        }
    }
}

/** Returns whether a defective server sends a reply twice. */
function isMisled({ service, processes }: Run, process: SimProcess): boolean {
    return service.plan.faults.some(
        fault => fault.kind === 'lose' && processes[fault.process] === process && fault.how === 'repeat',
    );
}

const READS = new Set<Verb>(['get', 'getAndTouch']);

/**
 * Checks that the client counts the same reads as the servers, unless it fails or retries a call.
 */
function checkReads(
    { servers }: Run,
    process: string,
    stats: readonly ServerStats[],
    report: (violation: string) => void,
): void {
    if (stats.some(({ failed, retries }) => failed + retries > 0)) return;
    for (const { history } of servers) {
        const reads = history.executions.filter(one => one.process === process && READS.has(one.verb));
        const found = reads.filter(({ status }) => status === Outcome.OK).length;
        // A server that returns to the list has one set of statistics per stay.
        const own = stats.filter(({ address }) => address.startsWith(`${history.server}:`));
        const hits = own.reduce((sum, one) => sum + one.hits, 0);
        const misses = own.reduce((sum, one) => sum + one.misses, 0);
        if (hits !== found || misses !== reads.length - found)
            report(
                `${process} counts ${hits} hits and ${misses} misses on ${history.server}, expected ${found} and ${reads.length - found}`,
            );
    }
}
