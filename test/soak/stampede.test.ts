import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { forkSource } from '../support/forkSource';
import { useOpener, useServer } from '../support/Opener';
import { mixedEnv } from '../support/protocol';
import { sleep } from '../support/sleep';

const PROCESSES = 4;
const CALLERS = 250;

interface Message {
    readonly event: 'ready' | 'loading' | 'answered';
    readonly right?: number;
}

const server = useServer();
const open = useOpener();

/** Processes that load one key on demand, with a record of their messages. */
class Crowd {
    /** The processes in the order in which their loaders begin. */
    readonly loading: ChildProcess[] = [];
    /** The number of callers that have got the value. */
    right = 0;
    private readonly children: ChildProcess[];
    private readonly exits: Promise<unknown>;
    private wake: () => void = () => {};

    constructor(key: string, loaderMs: number) {
        this.children = Array.from({ length: PROCESSES }, (_, i) => {
            const args = [server.port, key, CALLERS, loaderMs];
            const child = forkSource(join(__dirname, 'loaderChild.ts'), args, { env: mixedEnv(i) });
            child.on('message', (message: Message) => this.hear(child, message));
            open.atEnd(() => child.kill('SIGKILL'));
            return child;
        });
        this.exits = Promise.all(this.children.map(child => once(child, 'exit')));
    }

    /** Makes all processes load as soon as all are ready. */
    async ask(): Promise<void> {
        await Promise.all(this.children.map(child => once(child, 'message')));
        for (const child of this.children) child.send('ask');
    }

    /** Resolves when one of the processes calls its loader. */
    async loads(): Promise<void> {
        while (this.loading.length === 0) await new Promise<void>(resolve => (this.wake = resolve));
    }

    async ends(): Promise<void> {
        await this.exits;
    }

    private hear(child: ChildProcess, { event, right }: Message): void {
        if (event === 'loading') this.loading.push(child);
        if (event === 'answered') this.right += right!;
        this.wake();
    }
}

it('calls the loader once for 1,000 callers in 4 processes on a cold key', async () => {
    const crowd = new Crowd('cold', 300);
    await crowd.ask();
    await crowd.ends();
    expect(crowd.right).toBe(PROCESSES * CALLERS);
    expect(crowd.loading).toHaveLength(1);
});

it('calls the loader a second time when the process of the first call is killed', async () => {
    const crowd = new Crowd('killed', 300);
    await crowd.ask();
    await crowd.loads();
    await sleep(150);
    crowd.loading[0]!.kill('SIGKILL');
    await crowd.ends();
    expect(crowd.right).toBe((PROCESSES - 1) * CALLERS);
    expect(crowd.loading).toHaveLength(2);
});

it.each(['kill', 'stop'] as const)('loads at most once per process while memcached is unavailable (%s)', async how => {
    await server.restart();
    const crowd = new Crowd(how, 1000);
    await crowd.ask();
    await crowd.loads();
    await server[how]();
    await crowd.ends();
    if (how === 'stop') server.continue();
    else await server.restart();
    expect(crowd.right).toBe(PROCESSES * CALLERS);
    expect(crowd.loading).toHaveLength(PROCESSES);
    expect(new Set(crowd.loading).size).toBe(PROCESSES);
});
