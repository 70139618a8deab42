import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { root } from '../../support/root';
import type { Outcome } from '../../support/runNode';

/** Runs `npm run demo` as a user does, with the signals of a terminal. */
export class DemoProcess {
    stdout = '';
    stderr = '';
    readonly outcome: Promise<Outcome>;
    private readonly child: ChildProcess;

    /** @param env the variables. A value of undefined removes a variable */
    constructor(args: string[] = [], env: Record<string, string | undefined> = {}) {
        // The demo kills only servers that it has started, so it must not see the server of jest.
        const given = { MEMCACHED_SERVICE_HOST: undefined, MEMCACHED_SERVICE_PORT: undefined, ...env };
        this.child = spawn('npm', ['run', '--silent', 'demo', '--', ...args], {
            cwd: root,
            env: { ...process.env, ...given },
            stdio: ['ignore', 'pipe', 'pipe'],
            // The separate process group can receive a Ctrl-C.
            detached: true,
        });
        this.child.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
        this.child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
        // The event 'close' comes when every writer has exited: npm, the demo, the services and
        // memcached.
        this.outcome = once(this.child, 'close').then(() => {
            const { stdout, stderr } = this;
            return { code: this.child.exitCode, stdout, stderr };
        });
    }

    /** Resolves with the match, or rejects when the demo ends without it. */
    async says(words: RegExp): Promise<RegExpExecArray> {
        for (;;) {
            const found = words.exec(this.stdout);
            if (found) return found;
            const more = once(this.child.stdout!, 'data').then(() => false);
            if (await Promise.race([more, this.outcome.then(() => true)])) {
                throw new Error(`The demo has ended: ${this.stdout}\n${this.stderr}`);
            }
        }
    }

    /** Resolves with the address when the demo serves with `--serve`. */
    async url(): Promise<string> {
        return (await this.says(/(http:\/\/127\.0\.0\.1:\d+)\/ in a browser/))[1]!;
    }

    /** Closes the reader of the output, as `head` does. */
    closeOutput(): void {
        this.child.stdout!.destroy();
    }

    /** Signals npm alone, as `kill` does. */
    signal(signal: NodeJS.Signals): void {
        this.child.kill(signal);
    }

    /** Signals all processes in the foreground of the terminal. */
    signalAll(signal: NodeJS.Signals): void {
        process.kill(-this.child.pid!, signal);
    }

    /** The pids of services and servers in the output of the demo. */
    get toldPids(): number[] {
        return [...this.stdout.matchAll(/\bpid (\d+)/g)].map(([, pid]) => Number(pid));
    }
}

export function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch {
        return false;
    }
}

export function parentOf(pid: number): number {
    return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
}
