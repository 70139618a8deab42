import type { MemcachedClient } from 'pip-services4-memcached-node';
import type { MemcachedProcess } from '../../support/server/MemcachedProcess';
import { sleep } from '../../support/sleep';
import { count } from './Ledger';

/** Restarts and suspends servers, and opens clients anew, one after another. */
export class Disasters {
    readonly counts = new Map<string, number>();
    private readonly all = [() => this.restart(), () => this.suspend(), () => this.suspend(), () => this.reopen()];

    /** @param onRestart called when a server is about to be killed; it returns what to call when the server is back */
    constructor(
        private readonly servers: readonly MemcachedProcess[],
        private readonly clients: readonly MemcachedClient[],
        private readonly onRestart: (server: number) => () => void,
        private readonly random: () => number,
    ) {}

    async run(ms: number): Promise<void> {
        const end = performance.now() + ms;
        while (performance.now() < end) {
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
        // It fails when no server answers. The client is open then, all the same, at the next try.
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
