import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** An error for the user, without a stack trace: the problem, and the next step. */
export class SetupError extends Error {}

/** Ends with 1, and prints the message of a SetupError instead of a stack trace. */
export async function failSoftly(work) {
    try {
        await work();
    } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        say(`\n${error.message}`);
        process.exitCode = 1;
    }
}

/** Writes to stderr, because stdout belongs to the command that needs the set-up. */
export function say(line) {
    process.stderr.write(`${line}\n`);
}

/**
 * Shows the progress of a long step: a ticking line on a terminal, two plain lines elsewhere. The
 * step has failed if it throws or returns `isOk: false`.
 */
export async function step(title, work) {
    const start = Date.now();
    const seconds = () => ((Date.now() - start) / 1000).toFixed(1);
    const isTerminal = process.stderr.isTTY;
    const show = () => process.stderr.write(`\r${title} … ${Math.floor((Date.now() - start) / 1000)} s`);
    const ticking = isTerminal ? setInterval(show, 1000) : undefined;
    if (isTerminal) show();
    else say(`${title} …`);
    let isOk = false;
    try {
        const result = await work();
        isOk = result?.isOk !== false;
        return result;
    } finally {
        clearInterval(ticking);
        say(`${isTerminal ? '\r' : ''}${title}: ${isOk ? 'done in' : 'failed after'} ${seconds()} s`);
    }
}

/**
 * Runs a command quietly.
 * @returns {Promise<{ isOk: boolean, output: string, stdout: string }>}
 */
export function run(command, args, { env = {}, cwd = root, timeoutMs = 15 * 60_000 } = {}) {
    return new Promise(resolve => {
        const child = spawn(command, args, {
            cwd,
            env: { ...process.env, ...env },
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        const kill = () => child.kill();
        // The option `timeout` of `spawn` would keep this process alive if the command is missing.
        const timer = setTimeout(kill, timeoutMs);
        process.once('exit', kill);
        let output = '';
        let stdout = '';
        child.stdout.on('data', chunk => {
            output += chunk;
            stdout += chunk;
        });
        child.stderr.on('data', chunk => (output += chunk));
        const settle = result => {
            clearTimeout(timer);
            process.removeListener('exit', kill);
            resolve(result);
        };
        child.once('error', error => settle({ isOk: false, output: error.message, stdout }));
        child.once('close', code => settle({ isOk: code === 0, output, stdout }));
    });
}

/** Returns the end of a failed command's output. */
export function lastLines(output, count = 15) {
    return output.trim().split('\n').slice(-count).join('\n');
}
