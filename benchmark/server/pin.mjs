import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/**
 * Pins a process to the last core. With one call in flight the client and the server take turns. On
 * two cores each turn begins by waking a sleeping core, which hides the differences between
 * clients. On one core there is no such delay. `taskset` is part of util-linux. Without `taskset`
 * the case runs on all cores, and its rounds vary more.
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
