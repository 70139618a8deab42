import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { root } from './root';

export interface Outcome {
    /** The exit code, or null if a signal ended the process. */
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
}

/** Runs Node, in the root folder of the project unless told otherwise. Kills it after a minute. */
export async function runNode(
    args: readonly string[],
    env: Record<string, string> = {},
    cwd: string = root,
): Promise<Outcome> {
    const child = spawn(process.execPath, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 60_000,
        killSignal: 'SIGKILL',
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: child.exitCode, stdout, stderr };
}
