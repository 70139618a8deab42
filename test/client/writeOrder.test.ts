import type { MemcachedClient } from 'pip-services4-memcached-node';
import { useOpener, useServer } from '../support/Opener';
import { turns } from './fleetOf';

const open = useOpener();
const server = useServer();

/** Makes the pool open further sockets, up to its limit. */
async function fillPool(client: MemcachedClient): Promise<void> {
    const value = 'x'.repeat(10_000);
    for (let round = 0; round < 5; round++) {
        await Promise.all(Array.from({ length: 200 }, (_, i) => client.set(`filler:${i}`, value)));
    }
}

it('keeps the order of small writes to one key within one turn', async () => {
    const client = await open.client(server, { poolSize: 5 });
    await fillPool(client);
    expect(client.socketCount).toBeGreaterThan(1);
    for (let round = 0; round < 100; round++) {
        const writes = Array.from({ length: 400 }, (_, i) => client.set('key', `${round}:${i}`.padEnd(100)));
        await Promise.all(writes);
        expect((await client.get('key')).value?.toString().trim()).toBe(`${round}:399`);
    }
});

it('keeps the order of small writes to one key over several turns when the pool has one socket', async () => {
    const client = await open.client(server, { poolSize: 1, requestTimeoutMs: 10_000 });
    await fillPool(client);
    for (let round = 0; round < 50; round++) {
        const writes: Promise<unknown>[] = [];
        for (let turn = 0; turn < 3; turn++) {
            for (let i = 0; i < 400; i++) writes.push(client.set('key', `${round}:${turn}:${i}`.padEnd(1000)));
            await turns(1);
        }
        await Promise.all(writes);
        expect((await client.get('key')).value?.toString().trim()).toBe(`${round}:2:399`);
    }
});
