import type { MemcachedClient } from 'pip-services4-memcached-node';
import type { MemcachedProcess } from '../../support/server/MemcachedProcess';
import { sleep } from '../../support/sleep';
import { count } from './Ledger';

/** Restarts and suspends servers, and closes and opens clients, one after another. */
export class Disasters {
    readonly counts = new Map<string, number>();
    private readonly all = [() => this.restart(), () => this.suspend(), () => this.suspend(), () => this.reopen()];

    /** @param onRestart called before a restart; it returns a function to call afterwards */
    constructor(
        private readonly servers: readonly MemcachedProcess[],
        private readonly clients: readonly MemcachedClient[],
        private readonly onRestart: (server: number) => () => void,
        private readonly random: () => number,
    ) {}

    async run(isOver: () => boolean): Promise<void> {
        while (!isOver()) {
            await sleep(100 + this.random() * 800);
            await this.all[this.below(this.all.length)]!();
        }
    }

    /** The server is empty afterwards. */
    private async restart(): Promise<void> {
        count(this.counts, 'restarts');
        const index = this.below(this.servers.length);
        const server = this.servers[index]!;
        const back = this.onRestart(index);
        await server.kill();
        await sleep(this.random() * 400);
        await server.restart();
        back();
    }

    private async suspend(): Promise<void> {
        count(this.counts, 'stops');
        const server = this.servers[this.below(this.servers.length)]!;
        await server.stop();
        await sleep(this.random() * 700);
        server.continue();
    }

    private async reopen(): Promise<void> {
        count(this.counts, 'clients opened anew');
        const client = this.clients[this.below(this.clients.length)]!;
        await client.close();
        // It fails while no server answers.
        while (
            !(await client.open().then(
                () => true,
                () => false,
            ))
        )
            await sleep(50);
    }

    private below(limit: number): number {
        return Math.floor(this.random() * limit);
    }
}
