import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { forkSource } from '../../support/forkSource';
import { mixedEnv } from '../../support/protocol';
import { sleep } from '../../support/sleep';
import { Histories } from '../histories/Histories';
import type { Answer, Call, Group, Order } from './messages';

/** Processes that write and read the same keys, and the histories that they report. */
export class Writers {
    readonly histories = new Histories();
    readonly codes = new Map<string, number>();
    calls = 0;
    handOvers = 0;
    private readonly children: ChildProcess[] = [];
    private readonly exits: Promise<unknown[]>[] = [];
    /** The process that writes each group. */
    private readonly owners = new Map<string, ChildProcess>();
    private readonly heirs = new Map<string, ChildProcess>();
    private isStopping = false;

    constructor(
        private readonly processes: number,
        private readonly groups: number,
        private readonly timeoutMs: number,
    ) {}

    /** Resolves when all processes have begun to write. */
    async start(port: number): Promise<void> {
        const ready: Promise<unknown>[] = [];
        for (let i = 0; i < this.processes; i++) {
            const args = [i, port, this.groups, this.timeoutMs];
            const child = forkSource(join(__dirname, 'writerChild.ts'), args, { env: mixedEnv(i) });
            this.children.push(child);
            this.exits.push(once(child, 'exit'));
            ready.push(once(child, 'message'));
            child.on('message', (answer: Answer) => this.hear(answer));
        }
        await Promise.all(ready);
        for (let i = 0; i < this.groups; i++) {
            this.give({ name: `group${i}`, next: 1 }, this.children[i % this.processes]!);
        }
    }

    async handOverNowAndThen(isOver: () => boolean, random: () => number): Promise<void> {
        while (!isOver()) {
            this.handOver(random);
            await sleep(random() * 500);
        }
    }

    /** Hands one of the groups to another process as soon as its writer has finished its call. */
    private handOver(random: () => number): void {
        const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
        if (this.owners.size === 0) return;
        const name = pick([...this.owners.keys()].sort());
        const owner = this.owners.get(name)!;
        const heir = pick(this.children.filter(child => child !== owner));
        // The group has no owner until the writer returns it, so no other order hands it over
        // before.
        this.owners.delete(name);
        this.heirs.set(name, heir);
        order(owner, { give: name });
    }

    /** Resolves when every process has sent its last report and has exited. */
    async stop(): Promise<void> {
        this.isStopping = true;
        for (const child of this.children) order(child, { stop: true });
        const codes = (await Promise.all(this.exits)).map(([code]) => code);
        if (codes.some(code => code !== 0)) throw new Error(`a writer failed: exit codes ${codes.join(', ')}`);
    }

    kill(): void {
        for (const child of this.children) child.kill('SIGKILL');
    }

    private give(group: Group, child: ChildProcess): void {
        this.owners.set(group.name, child);
        order(child, { take: group });
    }

    private hear(answer: Answer): void {
        if ('calls' in answer) {
            for (const call of answer.calls) this.note(call);
        } else if ('gave' in answer) {
            const heir = this.heirs.get(answer.gave.name);
            if (heir === undefined || this.isStopping) return;
            this.heirs.delete(answer.gave.name);
            this.give(answer.gave, heir);
            this.handOvers++;
        } else if ('made' in answer) {
            this.calls += answer.made;
            for (const [code, count] of Object.entries(answer.codes)) {
                this.codes.set(code, (this.codes.get(code) ?? 0) + count);
            }
        }
    }

    private note([what, key, value, began, ended]: Call): void {
        const history = this.histories.of(key);
        if (what === 'found') history.found({ value, began, ended });
        else history.wrote({ value, began, ended, isAcknowledged: what === 'wrote' });
    }
}

function order(child: ChildProcess, message: Order): void {
    child.send(message);
}
