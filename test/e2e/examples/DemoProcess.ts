import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { root } from '../../support/root';
import type { Outcome } from '../../support/runNode';

/** `npm run demo` as somebody types it, with a terminal's signals. */
export class DemoProcess {
    stdout = '';
    stderr = '';
    readonly outcome: Promise<Outcome>;
    private readonly child: ChildProcess;

    /** @param env undefined takes a variable away */
    constructor(args: string[] = [], env: Record<string, string | undefined> = {}) {
        // Jest's own would be taken for a server that must not be killed.
        const given = { MEMCACHED_SERVICE_HOST: undefined, MEMCACHED_SERVICE_PORT: undefined, ...env };
        this.child = spawn('npm', ['run', '--silent', 'demo', '--', ...args], {
            cwd: root,
            env: { ...process.env, ...given },
            stdio: ['ignore', 'pipe', 'pipe'],
            // A group of its own, so that it can be given a Ctrl-C.
            detached: true,
        });
        this.child.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
        this.child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
        // 'close' comes when nobody is left who could write: npm, the demo, the services and memcached.
        this.outcome = once(this.child, 'close').then(() => {
            const { stdout, stderr } = this;
            return { code: this.child.exitCode, stdout, stderr };
        });
    }

    /** Resolves with what matches; rejects when the demo ends without having said it. */
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

    /** With `--serve`: when it serves. */
    async url(): Promise<string> {
        return (await this.says(/(http:\/\/127\.0\.0\.1:\d+)\/ in a browser/))[1]!;
    }

    /** To npm alone, as `kill` does. */
    signal(signal: NodeJS.Signals): void {
        this.child.kill(signal);
    }

    /** To everybody in the terminal's foreground. */
    signalAll(signal: NodeJS.Signals): void {
        process.kill(-this.child.pid!, signal);
    }

    /** The services and memcacheds that it has told of. */
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
