import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { MemcachedClient } from '../../src/client/MemcachedClient';
import { createCertificate } from '../support/server/certificate';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { FaultProxy, passing, type Link } from '../support/proxy/FaultProxy';

const REQUEST_TIMEOUT_MS = 400;
const outcomeOf = (promise: Promise<unknown>) => promise.then(String, (error: { code: string }) => error.code);

describe('a path that stalls and delivers late', () => {
    let memcached: MemcachedProcess;
    let proxy: FaultProxy;
    let client: MemcachedClient;
    let held: Buffer[];

    beforeEach(async () => {
        memcached = await MemcachedProcess.start();
        proxy = await FaultProxy.start(memcached.port);
        client = new MemcachedClient([{ host: '127.0.0.1', port: proxy.port }], {
            requestTimeoutMs: REQUEST_TIMEOUT_MS,
            failures: 100,
        });
        await client.open();
        held = [];
    });

    afterEach(async () => {
        await client.close();
        await proxy.close();
        await memcached.end();
    });

    /** The connections of this moment stall; new ones work. */
    function stall(): void {
        const stalled = new Set<Link>();
        proxy.begin({
            strike: link => stalled.add(link),
            request: (link, chunk) => (stalled.has(link) ? held.push(chunk) : link.toServer(chunk)),
        });
    }

    /** What was held arrives, on a path of its own. */
    async function deliver(): Promise<void> {
        const late = connect(memcached.port, memcached.host);
        await once(late, 'connect');
        for (const chunk of held) late.write(chunk);
        await once(late, 'data');
        late.destroy();
    }

    it.each<[string, () => Promise<unknown>]>([
        ['set', () => client.set('key', 'old')],
        ['replace', () => client.replace('key', 'old')],
        [
            'setMany',
            () =>
                client.setMany([['key', 'old']]).then(({ failed }) => {
                    for (const error of failed.values()) throw error;
                }),
        ],
        ['a set that evicts', () => client.setCounted('key', 'old', 0, 0, { add: () => 'other' })],
    ])('never undoes a newer value by %s that was reported as stored', async (_, storeOld) => {
        await client.set('key', 'first');
        stall();
        // This call is the older one: the connection is given up when its time is over.
        const oldest = outcomeOf(client.get('other'));
        await new Promise(resolve => setTimeout(resolve, REQUEST_TIMEOUT_MS / 4));
        const stored = outcomeOf(storeOld());
        await oldest;
        expect(await client.set('key', 'new')).toBe(true);
        await deliver();
        const late = (await client.get('key')).value!.toString();
        expect([await stored, late]).not.toEqual(['true', 'old']);
        expect(await stored).toBe('CONNECTION_LOST');
    });

    it('retries what does no harm when it is late', async () => {
        await client.set('key', 'value');
        stall();
        const oldest = outcomeOf(client.get('other'));
        await new Promise(resolve => setTimeout(resolve, REQUEST_TIMEOUT_MS / 4));
        const calls = [client.get('key').then(({ value }) => value!.toString()), client.touch('key', 60)];
        expect(await Promise.all(calls)).toEqual(['value', true]);
        expect(await oldest).toBe('TIMEOUT');
    });

    it('retries a store when the server has closed the connection', async () => {
        proxy.begin({ request: link => link.reset(), strike: () => {} });
        const stored = client.set('key', 'value');
        await proxy.until(({ linkCount }) => linkCount === 0);
        proxy.begin(passing);
        expect(await stored).toBe(true);
    });
});

describe.each([
    ['TCP', undefined],
    ['TLS', createCertificate()],
])('the end of a connection over %s', (_, certificate) => {
    let listener: Server;
    let client: MemcachedClient;
    /** What the server hears at the end of its only connection: 'end', or the code of an error. */
    let ending: Promise<string>;

    /** @param answers how many requests it answers before it falls silent */
    async function open(answers: number, options: object): Promise<void> {
        const onSocket = (socket: Socket): void => {
            const settle = (resolve: (how: string) => void): void => {
                socket.once('end', () => resolve('end'));
                socket.on('error', ({ code }: Error & { code?: string }) => resolve(code ?? 'no code'));
            };
            ending = new Promise(settle);
            socket.on('data', frame => {
                if (answers-- <= 0) return;
                const reply = Buffer.alloc(24);
                reply[0] = 0x81;
                (frame as Buffer).copy(reply, 12, 12, 16);
                socket.write(reply);
            });
        };
        listener = certificate ? createTlsServer(certificate, onSocket) : createServer(onSocket);
        listener.listen(0, '127.0.0.1');
        await once(listener, 'listening');
        const { port } = listener.address() as AddressInfo;
        const tls = certificate && { rejectUnauthorized: false };
        client = new MemcachedClient([{ host: '127.0.0.1', port, tls }], { failures: 1, ...options });
        await client.open();
    }

    afterEach(async () => {
        await client.close();
        await new Promise(resolve => listener.close(resolve));
    });

    it('is a reset after a fault: the kernel drops what it still holds', async () => {
        await open(1, { requestTimeoutMs: 100 });
        expect(await outcomeOf(client.set('key', 'value'))).toBe('TIMEOUT');
        expect(await ending).toBe('ECONNRESET');
    });

    it('is an orderly one when it is idle, and at `close`', async () => {
        await open(1, { idleMs: 20 });
        expect(await ending).toBe('end');
        await client.close();
        await new Promise(resolve => listener.close(resolve));
        await open(1, {});
        await client.close();
        expect(await ending).toBe('end');
    });
});
