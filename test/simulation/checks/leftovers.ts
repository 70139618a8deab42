import type { Run } from '../schedule/runPlan';

/** After everything is closed a process has no socket and no timer. */
export function checkLeftovers({ processes, network }: Run, report: (violation: string) => void): void {
    for (const { name, loop } of processes) {
        const sockets = network.socketsOf(name);
        if (sockets > 0) report(`${name} has left ${sockets} sockets open`);
        if (loop.timerCount > 0) report(`${name} has left ${loop.timerCount} timers running`);
    }
}
