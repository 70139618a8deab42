import type { MemcachedCache } from 'pip-services4-memcached-node';
import { sleep } from '../../support/sleep';

const IN_FLIGHT = 64;

/** Retrieves keys, 64 at a time, until it is stopped. Counts misses and errors. */
export class CacheLoad {
    calls = 0;
    misses = 0;
    readonly errors: string[] = [];
    private isOver = false;
    private readonly workers: Promise<void>[];

    constructor(
        private readonly cache: MemcachedCache,
        private readonly keys: readonly string[],
    ) {
        this.workers = Array.from({ length: IN_FLIGHT }, (_, i) => this.work(i));
    }

    async stop(): Promise<void> {
        this.isOver = true;
        await Promise.all(this.workers);
    }

    private async work(at: number): Promise<void> {
        for (; !this.isOver; at++) {
            this.calls++;
            const key = this.keys[at % this.keys.length]!;
            try {
                if ((await this.cache.retrieve(null, key)) === null) this.misses++;
            } catch (error) {
                this.errors.push((error as Error).message);
                // A call to a server that is down fails at once.
                await sleep(1);
            }
        }
    }
}
