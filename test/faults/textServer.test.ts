import { MemcachedClient } from 'pip-services4-memcached-node';
import { useOpener } from '../support/Opener';
import { talkingText } from './replyFaults';

describe('a client of a server that answers in text', () => {
    const open = useOpener();

    async function failureToOpen({ host, port }: { host: string; port: number }): Promise<unknown> {
        const client = new MemcachedClient([{ host, port }], { requestTimeoutMs: 500 });
        const failure = await client.open().catch((error: unknown) => error);
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
        return failure;
    }

    it('recognizes the server by its first bytes when it does not speak the meta protocol', async () => {
        const proxy = await open.faultProxy(await open.server());
        proxy.begin(talkingText);
        const failure = await failureToOpen(proxy);
        expect(failure).toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringMatching(/text/) });
    });

    it('uses the meta protocol when the server is memcached with -B ascii', async () => {
        const client = await open.client(await open.server({ args: ['-B', 'ascii'] }), { protocol: 'auto' });
        await client.set('key', 'value');
        expect((await client.get('key')).value?.toString()).toBe('value');
        expect(client.getStats()[0]).toMatchObject({ protocol: 'meta', connects: 2, fault: null, failed: 0 });
    });
});
