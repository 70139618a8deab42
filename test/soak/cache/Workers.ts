import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { forkSource } from '../../support/forkSource';
import { mixedEnv } from '../../support/protocol';
import { sleep } from '../../support/sleep';
import type { Chronicle } from './Chronicle';
import type { Message } from './events';
import type { Plan, Start } from './plan';

/** Processes that use the same keys, and report their events to a chronicle. */
export class Workers {
    readonly operations = new Map<string, number>();
    readonly codes = new Map<string, number>();
    private readonly children: ChildProcess[] = [];
    private readonly exits: Promise<unknown[]>[] = [];

    /** @param onClear runs when a process is about to clear */
    constructor(
        private readonly chronicle: Chronicle,
        private readonly onClear: () => void,
    ) {}

    /**
     * Resolves when all processes have opened their caches.
     * @param proxies the ports of the proxies of each process
     */
    async start(plan: Plan, proxies: readonly Start['proxies'][]): Promise<void> {
        const ready = proxies.map((own, number) => {
            const child = forkSource(join(__dirname, 'workerChild.ts'), [], { env: mixedEnv(number) });
            this.children.push(child);
            this.exits.push(once(child, 'exit'));
            child.on('message', (message: Message) => this.hear(message));
            child.send({ plan, number, proxies: own } satisfies Start);
            return once(child, 'message');
        });
        await Promise.all(ready);
    }

    /** Suspends the process for a while, with open connections. */
    async pause(number: number, ms: number): Promise<void> {
        const child = this.children[number]!;
        child.kill('SIGSTOP');
        await sleep(ms);
        child.kill('SIGCONT');
    }

    /** Resolves when every process has sent its last report and has exited. */
    async stop(): Promise<void> {
        for (const child of this.children) child.send('stop');
        const codes = (await Promise.all(this.exits)).map(([code]) => code);
        if (codes.some(code => code !== 0)) throw new Error(`a worker failed: exit codes ${codes.join(', ')}`);
    }

    kill(): void {
        for (const child of this.children) child.kill('SIGKILL');
    }

    private hear(message: Message): void {
        if ('events' in message) this.chronicle.add(message.events);
        if ('clears' in message) this.onClear();
        if (!('operations' in message)) return;
        addTo(this.operations, message.operations);
        addTo(this.codes, message.codes);
    }
}

function addTo(sums: Map<string, number>, counts: Record<string, number>): void {
    for (const [what, count] of Object.entries(counts)) sums.set(what, (sums.get(what) ?? 0) + count);
}
