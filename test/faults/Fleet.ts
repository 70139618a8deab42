import type { ClientOptions, MemcachedClient } from 'pip-services4-memcached-node';
import type { Opener } from '../support/Opener';
import type { RecordingProxy } from '../support/proxy/RecordingProxy';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { sleep } from '../support/sleep';

const OPTIONS: ClientOptions = { requestTimeoutMs: 1000, failures: 3, retryMs: 300, reconnectMs: 50 };

interface Tally {
    calls: number;
    misses: number;
    errors: string[];
}

/** Several servers under load. A proxy counts the connections to the first server. */
export class Fleet {
    readonly keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
    /** The reports of the observer in order: `down` or `up`. */
    readonly heard: string[] = [];
    private wake = (): void => {};
    client!: MemcachedClient;

    private constructor(
        readonly servers: readonly MemcachedProcess[],
        readonly proxy: RecordingProxy,
    ) {}

    static async open(open: Opener, count: number, options: ClientOptions = {}): Promise<Fleet> {
        const servers = await Promise.all(Array.from({ length: count }, () => open.server()));
        open.atEnd(() => servers.forEach(server => server.continue()));
        const proxy = await open.recordingProxy(servers[0]);
        const fleet = new Fleet(servers, proxy);
        const observer = { onDown: () => fleet.hear('down'), onUp: () => fleet.hear('up') };
        fleet.client = await open.client([proxy, ...servers.slice(1)], { ...OPTIONS, observer, ...options });
        await fleet.expectWhole();
        return fleet;
    }

    get first(): MemcachedProcess {
        return this.servers[0]!;
    }

    isOfFirst(key: string): boolean {
        return this.client.homeServer(key).port === this.proxy.port;
    }

    async until(what: 'down' | 'up', times = 1): Promise<void> {
        while (this.heard.filter(one => one === what).length < times) {
            await new Promise<void>(resolve => (this.wake = resolve));
        }
    }

    async expectWhole(): Promise<void> {
        const { client, keys } = this;
        expect((await client.setMany(keys.map(key => [key, key]))).failed.size).toBe(0);
        expect((await client.getMany(keys)).items.size).toBe(keys.length);
    }

    /** Starts 32 continuous callers, 4 of them with batches. Counts the first server separately. */
    load(): { first: Tally; others: Tally; stop: () => Promise<void> } {
        const tally = (): Tally => ({ calls: 0, misses: 0, errors: [] });
        const [first, others] = [tally(), tally()];
        const { client, keys } = this;
        let isOver = false;
        const note = (key: string, isThere: boolean, error?: Error): void => {
            const one = this.isOfFirst(key) ? first : others;
            one.calls++;
            if (error !== undefined) one.errors.push((error as Error & { code: string }).code);
            else if (!isThere) one.misses++;
        };
        const ask = async (from: number): Promise<void> => {
            for (let i = from; !isOver; i++) {
                const key = keys[i % keys.length]!;
                try {
                    const isRead = i % 4 !== 0;
                    const isThere = isRead ? (await client.get(key)).value !== null : await client.set(key, key);
                    note(key, isThere);
                } catch (error) {
                    note(key, false, error as Error);
                    // Without the pause, a caller whose calls fail at once starves the others.
                    await sleep(5);
                }
            }
        };
        const askMany = async (): Promise<void> => {
            while (!isOver) {
                const { items, failed } = await client.getMany(keys);
                for (const key of keys) note(key, items.has(key), failed.get(key));
                await sleep(5);
            }
        };
        const done = Promise.all([
            ...Array.from({ length: 28 }, (_, i) => ask(i * 11)),
            ...Array.from({ length: 4 }, () => askMany()),
        ]);
        return { first, others, stop: async () => ((isOver = true), void (await done)) };
    }

    private hear(what: 'down' | 'up'): void {
        this.heard.push(what);
        this.wake();
    }
}
