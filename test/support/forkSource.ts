import { fork, type ChildProcess, type ForkOptions } from 'node:child_process';
import { join } from 'node:path';

/**
 * Runs a TypeScript file of the tests in a child process, which imports the sources as tests do.
 */
export function forkSource(file: string, args: readonly (string | number)[], options: ForkOptions = {}): ChildProcess {
    const execArgv = ['-r', join(__dirname, 'register.cjs')];
    // The variables of the run, which jest keeps from the real environment.
    const { env } = process;
    return fork(file, args.map(String), { execArgv, env, ...options });
}
