/**
 * Executes verbs of a client, a cache and a lock for its parent, over the protocol of the run.
 * Argument: port. Each message has the name of a verb and its arguments.
 */
import type { Lease } from 'pip-services4-memcached-node';
import { Opener } from '../support/Opener';
import { spokenProtocol } from '../support/protocol';
import { sleep } from '../support/sleep';

export interface Request {
    readonly id: number;
    readonly verb: keyof Verbs;
    readonly args: readonly unknown[];
}

export type Reply = { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: string };

export type Verbs = Awaited<ReturnType<typeof openVerbs>>;

const FOREVER_MS = 600_000;

async function openVerbs(open: Opener, port: number) {
    const options = { request_timeout: 20_000 };
    const server = { port };
    const client = await open.client(server, { requestTimeoutMs: 20_000 });
    const cache = await open.cache(server, { ...options, update_timeout: 60_000 });
    const clearing = await open.cache(server, { ...options, prefix: 'shared:', clear: true });
    const lock = await open.lock(server, { ...options, retry_timeout: 10 });
    const leases = new Map<string, Lease>();
    return {
        protocol: async () => [spokenProtocol, client.getStats()[0]!.protocol],

        store: (key: string, value: unknown) => cache.store(null, key, value, FOREVER_MS),
        retrieve: (key: string) => cache.retrieve(null, key),
        set: (key: string, value: Buffer) => client.set(key, value),
        get: async (key: string) => (await client.get(key)).value,
        count: async (key: string, by: bigint) => (await client.increment(key, by, { initial: null })).value,
        create: async (key: string, initial: bigint) => (await client.increment(key, 0, { initial })).value,
        storeCleared: (key: string, value: unknown) => clearing.store(null, key, value, FOREVER_MS),
        retrieveCleared: (key: string) => clearing.retrieve(null, key),
        clear: () => clearing.clear(null),

        /** Returns the fencing token, or null if the lock is held. */
        async acquire(key: string) {
            const lease = await lock.tryAcquireLease(null, key, FOREVER_MS);
            if (lease !== null) leases.set(key, lease);
            return lease?.fencingToken ?? null;
        },
        extend: (key: string) => leases.get(key)!.extend(),
        release: (key: string) => leases.get(key)!.release(),

        /** Increments a number under a lock, by a read and a write. */
        async countLocked(key: string, times: number) {
            for (let i = 0; i < times; i++) {
                await lock.withLock(null, `${key}:lock`, { ttl: 60_000, timeout: 60_000 }, async () => {
                    const n = Number((await client.get(key)).value ?? 0);
                    await client.set(key, String(n + 1));
                });
            }
        },
        /** Increments a number by this many updates at once. */
        async update(key: string, times: number) {
            const next = (n: number | null) => (n ?? 0) + 1;
            await Promise.all(Array.from({ length: times }, () => cache.update(null, key, next, FOREVER_MS)));
        },
        /** Loads a value by many callers. Returns their values, and the number of loads. */
        async load(key: string, callers: number) {
            let loads = 0;
            const load = async () => {
                loads++;
                await sleep(300);
                return 'value';
            };
            const asked = Array.from({ length: callers }, () => cache.retrieveOrLoad(null, key, FOREVER_MS, load));
            return { values: await Promise.all(asked), loads };
        },
    };
}

async function main(): Promise<void> {
    const open = new Opener();
    const verbs = await openVerbs(open, Number(process.argv[2]));
    process.on('message', ({ id, verb, args }: Request) => {
        const call = verbs[verb] as (...args: readonly unknown[]) => Promise<unknown>;
        call(...args).then(
            result => process.send!({ id, result }),
            (error: Error) => process.send!({ id, error: error.message }),
        );
    });
    process.once('disconnect', () => void open.end());
    process.send!('ready');
}

void main();
