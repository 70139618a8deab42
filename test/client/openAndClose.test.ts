import { once } from 'node:events';
import type { MemcachedClient } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { flush } from '../support/server/textProtocol';

const open = useOpener();
const server = useServer();
beforeEach(() => flush(server));

const leftOf = (client: MemcachedClient) => [client.socketCount, client.pendingCount, client.timerCount];

describe('open and close', () => {
    it('rejects calls with NOT_OPENED before open and after close', async () => {
        const client = open.clientOf(server);
        expect(await codeOf(client.get('key'))).toBe('NOT_OPENED');
        await client.close();
        await client.open();
        await client.open();
        expect(client.isOpen()).toBe(true);
        await Promise.all([client.close(), client.close()]);
        expect(client.isOpen()).toBe(false);
        expect(await codeOf(client.set('key', 'value'))).toBe('NOT_OPENED');
        expect(await codeOf(client.getMany(['key']))).toBe('NOT_OPENED');
        await client.open();
        expect(await client.set('key', 'value')).toBe(true);
        const closing = client.close();
        await client.open();
        await closing;
        expect(await client.set('key', 'value')).toBe(true);
    });

    it('rejects open when close interrupts it, and leaves no socket behind', async () => {
        const client = open.clientOf(server);
        const opening = codeOf(client.open());
        await client.close();
        expect(await opening).toBe('NOT_OPENED');
        expect(leftOf(client)).toEqual([0, 0, 0]);
    });

    it('settles close, open and close again in one turn, and finishes earlier calls', async () => {
        const client = open.clientOf(server);
        for (const withCall of [false, true]) {
            await client.open();
            const call = withCall ? client.set('key', 'value') : Promise.resolve(true);
            const all = [client.close(), codeOf(client.open()), client.close(), codeOf(client.open())];
            expect(await Promise.all(all)).toEqual([undefined, 'NOT_OPENED', undefined, 'answered undefined']);
            expect(await call).toBe(true);
            expect(await client.set('key', 'value')).toBe(true);
            await client.close();
        }
        expect(leftOf(client)).toEqual([0, 0, 0]);
    });

    it('finishes calls of the same turn before close', async () => {
        const client = await open.client(server);
        const calls = Promise.all(Array.from({ length: 1000 }, (_, i) => client.set(`key${i}`, 'value')));
        await client.close();
        expect((await calls).every(Boolean)).toBe(true);
        expect(leftOf(client)).toEqual([0, 0, 0]);
    });

    it('finishes a batch of many chunks before close', async () => {
        const client = await open.client(server);
        const value = Buffer.alloc(200_000);
        const batch = client.setMany(Array.from({ length: 20 }, (_, i) => [`key${i}`, value]));
        await client.close();
        expect((await batch).failed).toEqual(new Map());
        expect(leftOf(client)).toEqual([0, 0, 0]);
    });

    it('destroys the sockets before close returns when no call is pending', async () => {
        const client = await open.client(server);
        await client.get('key');
        const closing = client.close();
        const other = server.connect();
        await once(other, 'connect');
        expect(client.socketCount).toBe(0);
        other.destroy();
        await closing;
    });

    it('rejects open with CONNECT_FAILED when no server answers, and allows a retry', async () => {
        await open.kill(server);
        const client = open.clientOf(server, { failures: 2 });
        expect(await codeOf(client.open())).toBe('CONNECT_FAILED');
        expect(leftOf(client)).toEqual([0, 0, 0]);
        await server.restart();
        await client.open();
    });
});
