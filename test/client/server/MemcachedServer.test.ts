import { LARGE_BYTES } from '../../../src/client/channel/ChannelLoad';
import { codeOf } from '../../support/codeOf';
import { useOpener } from '../../support/Opener';
import { holding, passing, type Link } from '../../support/proxy/FaultProxy';
import { RecordingObserver } from '../../support/RecordingObserver';
import { sleep } from '../../support/sleep';

const open = useOpener();

describe('a server that becomes unavailable', () => {
    it('is reported as down after `failures` faults in a row, and as up after one probe, once each', async () => {
        const server = await open.server();
        const observer = new RecordingObserver();
        const client = await open.client(server, { failures: 3, retryMs: 100, observer });
        await server.kill();

        const first = await Promise.all(Array.from({ length: 50 }, (_, i) => codeOf(client.get(`key${i}`))));
        expect(new Set(first)).toEqual(new Set(['SERVER_DOWN']));
        expect(observer.heard).toEqual([expect.stringMatching(`down ${server.address}: .*ECONNREFUSED`)]);

        // A call to a server that is down is never pending.
        const before = client.pendingCount;
        const failing = client.get('key');
        expect(client.pendingCount).toBe(before);
        expect(await codeOf(failing)).toBe('SERVER_DOWN');

        await server.restart();
        await observer.next(2);
        expect(observer.heard[1]).toBe(`up ${server.address}`);
        expect(await client.set('key', 'value')).toBe(true);
        expect(observer.heard.length).toBe(2);
    });

    it('causes no error of idempotent calls when it returns before it is down', async () => {
        const server = await open.server();
        const observer = new RecordingObserver();
        const client = await open.client(server, {
            requestTimeoutMs: 5000,
            failures: 20,
            reconnectMs: 100,
            observer,
        });
        await server.kill();
        const calls = Promise.all([client.set('a', '1'), client.get('b'), client.delete('c'), client.getMany(['d'])]);
        await server.restart();
        expect(await calls).toMatchObject([true, { value: null }, false, { failed: new Map() }]);
        expect(observer.heard).toEqual([]);
    });

    it('receives every unsent call after its return, even a non-idempotent one', async () => {
        const server = await open.server();
        const client = await open.client(server, { requestTimeoutMs: 5000, failures: 20, idleMs: 200 });
        while (client.socketCount > 0) await sleep(5);
        await server.kill();
        const counted = client.increment('n', 1, { initial: 7 });
        await server.restart();
        expect((await counted).value).toBe(7n);
    });

    it('has a new epoch after the loss of a connection, even while another connection still seems open', async () => {
        const server = await open.server();
        const proxy = await open.faultProxy(server);
        const client = await open.client(proxy, { poolSize: 2 });
        const value = Buffer.alloc(LARGE_BYTES);
        const storeTwo = () => Promise.all(['a', 'b'].map(key => client.set(key, value)));
        const alone = client.epoch('key');
        // The epoch changes when the second connection is usable.
        while (client.epoch('key') === alone) await storeTwo();
        const before = client.epoch('key');
        const silent: Link[] = [];
        proxy.begin({ ...holding, strike: link => silent.push(link) });
        const calls = storeTwo();
        await proxy.until(() => silent.every(({ held }) => held.length === 1));
        // The proxy hides the end of the connection, as a network does after a power failure.
        await server.restart();
        silent[0]!.reset();
        while (client.socketCount === 2) await new Promise(setImmediate);
        expect(client.epoch('key')).toBeGreaterThan(before);
        for (const link of silent) link.destroy();
        proxy.begin(passing);
        expect(await calls).toEqual([true, true]);
    });
});

it('accepts an answer that arrives while the process is busy for longer than a timeout', async () => {
    const client = await open.client(await open.server(), { requestTimeoutMs: 100 });
    await client.set('key', 'value');
    const call = client.getText('key');
    await new Promise(setImmediate);
    const until = performance.now() + 200;
    while (performance.now() < until);
    expect(await call).toBe('value');
});
