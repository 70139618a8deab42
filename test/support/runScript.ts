import { join } from 'node:path';
import { runNode, type Outcome } from './runNode';

/** Runs a script in a child process in the root folder. The script may require `./src/index.ts`. */
export function runScript(code: string, ...args: string[]): Promise<Outcome> {
    return runNode(['--require', join(__dirname, 'register.cjs'), '--eval', code, ...args]);
}
