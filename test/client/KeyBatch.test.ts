import { Socket } from 'node:net';
import type { BatchResult, ClientOptions, GetManyResult, MemcachedClient } from 'pip-services4-memcached-node';
import * as getCalls from '../../src/client/calls/getCalls';
import { LagMeter, timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { flush } from '../support/server/textProtocol';

const REQUEST_TIMEOUT_MS = 800;

const open = useOpener();
const servers = [useServer(), useServer(), useServer(), useServer(), useServer()] as const;
beforeEach(() => Promise.all(servers.map(flush)));

let client: MemcachedClient;
const keys = Array.from({ length: 1000 }, (_, i) => `key:${i}`);
const partOf = ({ port }: { port: number }) => keys.filter(key => client.homeServer(key).port === port);

async function openFull(options: ClientOptions = {}): Promise<void> {
    client = await open.client(servers, { requestTimeoutMs: REQUEST_TIMEOUT_MS, ...options });
    expect((await client.setMany(keys.map(key => [key, key]))).failed.size).toBe(0);
}

/** Records when the client has read the last item. */
function watchItems(): { lastMs: number } {
    const seen = { lastMs: NaN };
    const begun = performance.now();
    const { readItem } = getCalls;
    jest.spyOn(getCalls, 'readItem').mockImplementation(reply => {
        seen.lastMs = performance.now() - begun;
        return readItem(reply);
    });
    return seen;
}

describe('a batch over several servers', () => {
    afterEach(() => jest.restoreAllMocks());

    it('finds, stores and deletes the keys of all servers', async () => {
        await openFull();
        expect(servers.every(server => partOf(server).length > 100)).toBe(true);
        const { items, failed } = await client.getMany([...keys, 'missing']);
        expect(failed.size).toBe(0);
        expect([...items].every(([key, item]) => item.value!.toString() === key)).toBe(true);
        expect(items.size).toBe(keys.length);
        expect((await client.deleteMany(keys)).failed.size).toBe(0);
        expect((await client.getMany(keys)).items.size).toBe(0);
    });

    it.each(['getMany', 'deleteMany'] as const)('reads the list of keys before it returns: %s', async verb => {
        await openFull();
        const many = Array.from({ length: 25_000 }, (_, i) => keys[i] ?? `missing:${i}`).reverse();
        const result = client[verb](many);
        many.fill('not valid');
        expect((await result).failed.size).toBe(0);
        const { items } = (await result) as Partial<GetManyResult>;
        if (items) expect([...items.keys()]).toEqual([...keys].reverse());
        else expect((await client.getMany(keys)).items.size).toBe(0);
    });

    it('sends one write to each server, all in the same turn', async () => {
        await openFull();
        const ports: (number | undefined)[] = [];
        const { write } = Socket.prototype;
        jest.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket, ...args: unknown[]) {
            ports.push(this.remotePort);
            return write.apply(this, args as never);
        });
        const batch = client.getMany(keys);
        // These calls start later in the same pass of the event loop, as replies from other servers
        // do.
        const calls: Promise<unknown>[] = [];
        await new Promise<void>(resolve => {
            process.nextTick(() => resolve(void calls.push(...keys.slice(0, 50).map(key => client.get(key)))));
        });
        await Promise.all([batch, ...calls]);
        expect(ports.sort()).toEqual(servers.map(({ port }) => port).sort());
    });

    it.each(['getMany', 'setMany', 'deleteMany'] as const)(
        'reports exactly the keys of a silent and a dead server as failed: %s',
        async verb => {
            await openFull({ retries: 0, failures: 1 });
            const [silent, dead] = servers;
            await Promise.all([open.stop(silent), open.kill(dead)]);
            const others = keys.filter(key => !partOf(silent).includes(key) && !partOf(dead).includes(key));
            const seen = watchItems();
            const lag = new LagMeter();
            const begun = performance.now();
            const result: BatchResult & Partial<GetManyResult> = await (verb === 'setMany'
                ? client.setMany(keys.map(key => [key, 'new']))
                : client[verb](keys));
            const ms = performance.now() - begun;
            lag.stop();
            jest.restoreAllMocks();
            expect([...result.failed.keys()].sort()).toEqual([...partOf(silent), ...partOf(dead)].sort());
            const codesOf = (part: string[]) =>
                new Set(part.map(key => (result.failed.get(key) as unknown as { code: string }).code));
            expect(codesOf(partOf(silent))).toEqual(new Set(['TIMEOUT']));
            for (const code of codesOf(partOf(dead))) expect(code).toMatch(/CONNECTION_LOST|SERVER_DOWN/);
            for (const key of partOf(dead)) {
                expect((result.failed.get(key) as unknown as { details: unknown }).details).toMatchObject({
                    server: `127.0.0.1:${dead.port}`,
                });
            }
            // The batch ends when the silent server times out. The other replies arrive long before
            // this end.
            expect(ms - lag.totalMs).toBeLessThan(2 * REQUEST_TIMEOUT_MS);
            if (result.items) {
                expect([...result.items.keys()].sort()).toEqual(others.sort());
                expect(seen.lastMs - lag.totalMs).toBeLessThan(REQUEST_TIMEOUT_MS / 2);
            }
            expect(client.pendingCount).toBe(0);
        },
    );

    it('finishes for the other servers while another batch waits for a silent server', async () => {
        await openFull();
        await open.stop(servers[0]);
        const slow = client.getMany(keys);
        const others = keys.filter(key => client.homeServer(key).port !== servers[0].port);
        const ms = await timed(async () => {
            for (let i = 0; i < 5; i++) expect((await client.getMany(others)).items.size).toBe(others.length);
        });
        expect(ms).toBeLessThan(REQUEST_TIMEOUT_MS / 2);
        const { items, failed } = await slow;
        expect(items.size).toBe(others.length);
        expect(failed.size).toBe(keys.length - others.length);
    });

    it('fails at once for the keys of a server that is down', async () => {
        await openFull({ failures: 1, retryMs: 60_000 });
        await open.kill(servers[0]);
        await client.getMany(keys);
        const ms = await timed(async () => {
            for (let i = 0; i < 20; i++) {
                const { items, failed } = await client.getMany(keys);
                expect(failed.size).toBe(partOf(servers[0]).length);
                expect(items.size).toBe(keys.length - failed.size);
            }
        });
        expect(ms).toBeLessThan(REQUEST_TIMEOUT_MS);
    });

    it('asks the next servers for the keys of a server that is down when failover is on', async () => {
        await openFull({ failures: 1, retryMs: 60_000, failover: true });
        await open.kill(servers[0]);
        await client.getMany(keys);
        expect((await client.setMany(keys.map(key => [key, key]))).failed.size).toBe(0);
        expect((await client.getMany(keys)).items.size).toBe(keys.length);
    });

    it('settles with every key failed when all servers are silent', async () => {
        await openFull({ requestTimeoutMs: 300 });
        await Promise.all(servers.map(server => open.stop(server)));
        const many = [...keys, ...Array.from({ length: 20_000 }, (_, i) => `many:${i}`)];
        const ms = await timed(async () => expect((await client.getMany(many)).failed.size).toBe(many.length));
        expect(ms).toBeLessThan(3000);
        expect(client.pendingCount).toBe(0);
    });

    it('accepts a duplicate key and an empty list of keys', async () => {
        await openFull();
        expect((await client.getMany(['key:1', 'key:1', 'key:2'])).items.size).toBe(2);
        expect((await client.getMany([])).items.size).toBe(0);
        expect((await client.setMany([])).failed.size).toBe(0);
    });
});
