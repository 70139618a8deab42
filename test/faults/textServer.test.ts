import { MemcachedClient } from 'pip-services4-memcached-node';
import { useOpener } from '../support/Opener';
import { talkingText } from './replyFaults';

describe('a server that speaks only the text protocol', () => {
    const open = useOpener();

    async function failureToOpen({ host, port }: { host: string; port: number }): Promise<unknown> {
        const client = new MemcachedClient([{ host, port }], { requestTimeoutMs: 500 });
        const failure = await client.open().catch((error: unknown) => error);
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
        return failure;
    }

    it('is recognised by its first bytes', async () => {
        const proxy = await open.faultProxy(await open.server());
        proxy.begin(talkingText);
        const failure = await failureToOpen(proxy);
        expect(failure).toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringMatching(/text/) });
    });

    it('is recognised when it is memcached with -B ascii', async () => {
        const failure = await failureToOpen(await open.server({ args: ['-B', 'ascii'] }));
        expect(failure).toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringMatching(/text|binary/) });
    });
});
