import { once } from 'node:events';
import type { ClientOptions, MemcachedClient } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { passing, type FaultProxy, type Link } from '../support/proxy/FaultProxy';
import { verbOf } from '../support/proxy/messages';
import { createCertificate } from '../support/server/certificate';
import { answer, type Script } from '../support/server/ScriptedServer';
import { accountThatEvicts } from '../client/accountThatEvicts';
import { sleep } from '../support/sleep';

/**
 * The timeout of all calls. A call that starts a quarter of the timeout later uses the same
 * connection. The call times out after the client has abandoned the connection.
 */
const REQUEST_TIMEOUT_MS = 800;
const opener = useOpener();

describe('a path that stalls and delivers late', () => {
    const server = useServer();
    let proxy: FaultProxy;
    let client: MemcachedClient;
    let held: Buffer[];

    beforeEach(async () => {
        proxy = await opener.faultProxy(server);
        client = await opener.client(proxy, { requestTimeoutMs: REQUEST_TIMEOUT_MS, failures: 100 });
        held = [];
    });

    /** Stalls the current connections. New connections work. */
    function stall(): void {
        const stalled = new Set<Link>();
        proxy.begin({
            strike: link => stalled.add(link),
            request: (link, chunk) => (stalled.has(link) ? held.push(chunk) : link.toServer(chunk)),
        });
    }

    /** Delivers the held requests over a separate path. */
    async function deliver(): Promise<void> {
        const late = server.connect();
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
        ['a set that evicts', () => client.commands.setCounted('key', 'old', 0, 0, accountThatEvicts(client, 'other'))],
    ])('never lets %s undo a newer value after a successful store', async (_, storeOld) => {
        await client.set('key', 'first');
        stall();
        // When this oldest call times out, the client abandons the connection.
        const oldest = codeOf(client.get('other'));
        await sleep(REQUEST_TIMEOUT_MS / 4);
        const stored = codeOf(storeOld());
        await oldest;
        expect(await client.set('key', 'new')).toBe(true);
        await deliver();
        const late = (await client.get('key')).value!.toString();
        expect([await stored, late]).not.toEqual(['answered true', 'old']);
        expect(await stored).toBe('CONNECTION_LOST');
    });

    it('retries calls whose late arrival changes no value', async () => {
        await client.set('key', 'value');
        stall();
        const oldest = codeOf(client.get('other'));
        await sleep(REQUEST_TIMEOUT_MS / 4);
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
    /** The last event of the only connection at the server: 'end', or the code of an error. */
    let ending: Promise<string>;

    /** Opens a client of a server that answers everything but stores. */
    async function open(options: ClientOptions): Promise<MemcachedClient> {
        const script: Script = (request, socket) => verbOf(request) !== 'set' && answer(request, socket);
        const server = await opener.scripted(script, certificate);
        server.onSocket = socket => {
            ending = new Promise(resolve => {
                socket.once('end', () => resolve('end'));
                socket.on('error', ({ code }: Error & { code?: string }) => resolve(code ?? 'no code'));
            });
        };
        const tls = certificate && { rejectUnauthorized: false };
        return opener.client({ port: server.port, tls }, { failures: 1, ...options });
    }

    it('is a reset after a fault, so that the kernel discards unsent data', async () => {
        const client = await open({ requestTimeoutMs: 300 });
        expect(await codeOf(client.set('key', 'value'))).toBe('TIMEOUT');
        expect(await ending).toBe('ECONNRESET');
    });

    it('is orderly for an idle socket and in `close`', async () => {
        await open({ idleMs: 20 });
        expect(await ending).toBe('end');
        const client = await open({});
        await client.close();
        expect(await ending).toBe('end');
    });
});
