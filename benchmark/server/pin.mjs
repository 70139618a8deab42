import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/**
 * With one call in flight the client and the server take turns; on two cores each turn begins by waking a sleeping core,
 * which costs anything from 2 to 50 µs by luck of the scheduler and drowns what the clients differ in. On one core there
 * is nobody to wake. `taskset` is part of util-linux; where it is missing the case runs unpinned and its rounds scatter.
 */
export function pinToLastCore(pid) {
    return taskset(String(cpus().length - 1), pid);
}

export function unpin(pid) {
    return taskset(`0-${cpus().length - 1}`, pid);
}

function taskset(cores, pid) {
    return (
        spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', cores, String(pid)], { stdio: 'ignore' }).status ===
        0
    );
}
