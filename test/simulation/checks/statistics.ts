import type { Run } from '../schedule/runPlan';
import { ClientComponent } from '../workload/ClientComponent';

/** `calls` are those that were answered, those that failed, and those in flight: none after `close`. */
export function checkStatistics({ components, processes }: Run, report: (violation: string) => void): void {
    for (const process of processes) {
        if (process.loop.isDead) continue;
        for (const component of components.get(process) ?? []) {
            if (!(component instanceof ClientComponent)) continue;
            const { client, nodes } = component;
            if (client.pendingCount > 0) report(`${process.name} has ${client.pendingCount} pending calls`);
            for (const { address, calls, answered, failed, inFlight } of [...nodes].map(node => node.getStats())) {
                if (calls === answered + failed && inFlight === 0) continue;
                report(
                    `${process.name} counts ${calls} calls to ${address}: ${answered} answered, ${failed} failed, ${inFlight} in flight`,
                );
            }
        }
    }
}
