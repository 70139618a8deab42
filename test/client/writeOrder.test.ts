import { MemcachedClient } from '../../src/client/MemcachedClient';
import { MemcachedProcess } from '../server/MemcachedProcess';

let server: MemcachedProcess;
let client: MemcachedClient;

beforeAll(async () => {
    server = await MemcachedProcess.start();
});
afterEach(() => client.close());
afterAll(() => server.end());

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** Opens further sockets, if the pool may have them. */
async function fillPool(): Promise<void> {
    const value = 'x'.repeat(10_000);
    for (let round = 0; round < 5; round++) {
        await Promise.all(Array.from({ length: 200 }, (_, i) => client.set(`filler:${i}`, value)));
    }
}

it('small writes to one key that are made in one turn keep their order', async () => {
    client = new MemcachedClient([server], { poolSize: 5 });
    await client.open();
    await fillPool();
    expect(client.socketCount).toBeGreaterThan(1);
    for (let round = 0; round < 100; round++) {
        const writes = Array.from({ length: 400 }, (_, i) => client.set('key', `${round}:${i}`.padEnd(100)));
        await Promise.all(writes);
        expect((await client.get('key')).value?.toString().trim()).toBe(`${round}:399`);
    }
});

it('with one socket, small writes to one key that are made in several turns keep their order', async () => {
    client = new MemcachedClient([server], { poolSize: 1, requestTimeoutMs: 10_000 });
    await client.open();
    await fillPool();
    for (let round = 0; round < 50; round++) {
        const writes: Promise<unknown>[] = [];
        for (let turns = 0; turns < 3; turns++) {
            for (let i = 0; i < 400; i++) writes.push(client.set('key', `${round}:${turns}:${i}`.padEnd(1000)));
            await turn();
        }
        await Promise.all(writes);
        expect((await client.get('key')).value?.toString().trim()).toBe(`${round}:2:399`);
    }
});
