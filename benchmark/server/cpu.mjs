import { readdirSync, readFileSync } from 'node:fs';

/** Returns the CPU time of all threads of a process in ms, or NaN if Linux does not provide it. */
export function cpuMsOf(pid) {
    try {
        const tasks = readdirSync(`/proc/${pid}/task`);
        const nanos = tasks.map(task =>
            Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]),
        );
        return nanos.reduce((sum, each) => sum + each, 0) / 1e6;
    } catch {
        return NaN;
    }
}
