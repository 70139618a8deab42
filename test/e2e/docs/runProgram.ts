import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { isCommonJs } from './compileBlocks';
import { root, type CodeBlock } from '../../docs/markdown';

export interface Outcome {
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
}

/** Runs a program as its reader would, by the package's name, which leads to what was built. It finds memcached as services do. */
export async function runProgram(block: CodeBlock): Promise<Outcome> {
    return run([`--input-type=${isCommonJs(block) ? 'commonjs' : 'module'}`, '--eval', block.code]);
}

/** One that does not end by itself within a minute is killed: its code is null then. */
export async function run(args: string[], env: Record<string, string> = {}): Promise<Outcome> {
    const child = spawn(process.execPath, args, {
        cwd: root,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 60_000,
        killSignal: 'SIGKILL',
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: child.exitCode, stdout, stderr };
}
