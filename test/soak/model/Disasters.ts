import type { MemcachedProcess } from '../../support/server/MemcachedProcess';
import { sleep } from '../../support/sleep';
import { count } from './Ledger';

export type Disaster = () => Promise<void>;

/** Restarts and suspends servers, and causes other faults, one after another. */
export class Disasters {
    readonly counts = new Map<string, number>();
    private readonly all: readonly (readonly [name: string, Disaster])[];

    /**
     * @param others the faults besides restarts and suspensions
     * @param onRestart runs before a restart, and returns a function to run after it
     */
    constructor(
        private readonly servers: readonly MemcachedProcess[],
        others: Readonly<Record<string, Disaster>>,
        private readonly onRestart: (server: number) => () => void,
        private readonly random: () => number,
    ) {
        const suspend = ['stops', () => this.suspend()] as const;
        this.all = [['restarts', () => this.restart()], suspend, suspend, ...Object.entries(others)];
    }

    async run(isOver: () => boolean): Promise<void> {
        while (!isOver()) {
            await sleep(100 + this.random() * 800);
            const [name, disaster] = this.all[this.below(this.all.length)]!;
            count(this.counts, name);
            await disaster();
        }
    }

    /** Restarts a server, which loses its items. */
    private async restart(): Promise<void> {
        const index = this.below(this.servers.length);
        const server = this.servers[index]!;
        const back = this.onRestart(index);
        await server.kill();
        await sleep(this.random() * 400);
        await server.restart();
        back();
    }

    private async suspend(): Promise<void> {
        const server = this.servers[this.below(this.servers.length)]!;
        await server.stop();
        await sleep(this.random() * 700);
        server.continue();
    }

    private below(limit: number): number {
        return Math.floor(this.random() * limit);
    }
}
