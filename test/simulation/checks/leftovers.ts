import type { Run } from '../schedule/runPlan';

/** Checks that a process keeps no socket and no timer after its components have closed. */
export function checkLeftovers({ processes, network }: Run, report: (violation: string) => void): void {
    for (const { name, isDone, leftovers, loop } of processes) {
        if (!isDone) continue;
        if (leftovers.sockets > 0) report(`${name} has leaked ${leftovers.sockets} sockets`);
        if (leftovers.timers > 0) report(`${name} has leaked ${leftovers.timers} timers`);
        if (network.socketsOf(name) + loop.timerCount > 0)
            report(`${name} has opened a socket or a timer after its close`);
    }
}
