import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { root } from './root';

export interface Outcome {
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
}

/** Runs a script in a process of its own, in the project's folder; it requires the sources: `require('./src/index.ts')`. */
export async function runScript(code: string, ...args: string[]): Promise<Outcome> {
    const script = ['--require', join(__dirname, 'register.cjs'), '--eval', code, ...args];
    const child = spawn(process.execPath, script, {
        cwd: root,
        stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: child.exitCode, stdout, stderr };
}
