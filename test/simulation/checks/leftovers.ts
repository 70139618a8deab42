import type { Run } from '../schedule/runPlan';

/** After everything is closed a process has no socket and no timer. */
export function checkLeftovers({ processes, network }: Run, report: (violation: string) => void): void {
    for (const { name, isDone, left, loop } of processes) {
        if (!isDone) continue;
        if (left.sockets > 0) report(`${name} has left ${left.sockets} sockets open`);
        if (left.timers > 0) report(`${name} has left ${left.timers} timers running`);
        if (network.socketsOf(name) + loop.timerCount > 0) report(`${name} has opened something after it was closed`);
    }
}
