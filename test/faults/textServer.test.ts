import { MemcachedClient } from '../../src/client/MemcachedClient';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { FaultProxy } from '../support/proxy/FaultProxy';
import { talkingText } from './replyFaults';

describe('A server that talks only text', () => {
    let memcached: MemcachedProcess;

    afterEach(() => memcached.end());

    async function failureToOpen(port: number): Promise<Error> {
        const client = new MemcachedClient([{ host: '127.0.0.1', port }], { requestTimeoutMs: 500 });
        const failure = await client.open().then(
            () => new Error('it opened'),
            (error: Error) => error,
        );
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
        return failure;
    }

    it('is recognised by its first bytes', async () => {
        memcached = await MemcachedProcess.start();
        const proxy = await FaultProxy.start(memcached.port);
        proxy.begin(talkingText);
        const failure = await failureToOpen(proxy.port);
        expect(failure).toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringMatching(/text/) });
        await proxy.close();
    });

    it('is recognised when it is a memcached with -B ascii', async () => {
        memcached = await MemcachedProcess.start({ args: ['-B', 'ascii'] });
        const failure = await failureToOpen(memcached.port);
        expect(failure).toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringMatching(/text|binary/) });
    });
});
