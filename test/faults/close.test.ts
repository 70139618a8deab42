import { MemcachedClient, type ClientOptions } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import type { FaultProxy } from '../support/proxy/FaultProxy';
import type { Server } from '../support/settings';
import { sleep } from '../support/sleep';
import { blackHole, resetting } from './replyFaults';

const TIMEOUT_MS = 300;
const PENDING = 1000;
const ANSWERED = 'answered a call';

describe('MemcachedClient.close', () => {
    const server = useServer();
    const open = useOpener();
    let proxy: FaultProxy;
    let client: MemcachedClient;

    beforeEach(async () => {
        proxy = await open.faultProxy(server);
        client = create();
    });

    /** Creates a client without opening it. */
    function create(options: ClientOptions = {}, servers: Server[] = [proxy]): MemcachedClient {
        return open.clientOf(servers, { requestTimeoutMs: TIMEOUT_MS, connectTimeoutMs: TIMEOUT_MS, ...options });
    }

    /** Starts calls without waiting for them. Each result is the outcome of one call. */
    function callMany(): Promise<string>[] {
        return Array.from({ length: PENDING }, (_, i) => codeOf(client.get(`key${i}`).then(() => 'a call')));
    }

    async function expectInTime(closing: Promise<void>): Promise<void> {
        expect(await timed(() => closing)).toBeLessThan(TIMEOUT_MS + 100);
    }

    function expectNothingOpen(): void {
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
    }

    async function expectNothingLeft(): Promise<void> {
        expectNothingOpen();
        await proxy.until(({ linkCount }) => linkCount === 0);
    }

    it('lets 1,000 pending calls finish', async () => {
        client = create({ requestTimeoutMs: 5000 });
        await client.open();
        const calls = callMany();
        expect(client.pendingCount).toBe(PENDING);
        await expectInTime(client.close());
        expect(new Set(await Promise.all(calls))).toEqual(new Set([ANSWERED]));
        await expectNothingLeft();
    });

    it('rejects 1,000 unanswered calls at their deadline', async () => {
        await client.open();
        proxy.begin(blackHole);
        const calls = callMany();
        await expectInTime(client.close());
        const ends = new Set(await Promise.all(calls));
        ends.delete('CONNECTION_LOST');
        expect(ends).toEqual(new Set(['TIMEOUT']));
        expectNothingOpen();
    });

    it('settles calls that wait for a connection', async () => {
        await client.open();
        proxy.begin(resetting);
        const calls = callMany();
        await expectInTime(client.close());
        expect(await Promise.all(calls)).not.toContain(ANSWERED);
        await expectNothingLeft();
    });

    it('leaves no socket and no timer for a server that is down', async () => {
        client = create({ failures: 1, retryMs: 10_000 });
        await client.open();
        proxy.begin(resetting);
        await proxy.until(({ linkCount }) => linkCount === 0);
        await Promise.all(callMany());
        await expect(client.get('key')).rejects.toMatchObject({ code: 'SERVER_DOWN' });
        await expectInTime(client.close());
        await expectNothingLeft();
    });

    it('does not wait for probes of servers that go down during the close', async () => {
        const other = await open.faultProxy(server);
        client = create({ failures: 1 }, [proxy, other]);
        await client.open();
        for (const one of [proxy, other]) one.begin(blackHole);
        const calls = [0, 1].map(async index => {
            const key = Array.from({ length: 100 }, (_, i) => `key${i}`).find(one => client.getServer(one) === index)!;
            // The offset lets a probe of one server begin before the call to the other server ends.
            await sleep((index * TIMEOUT_MS) / 2);
            return codeOf(client.get(key));
        });
        await sleep(TIMEOUT_MS / 2 + 20);
        await expectInTime(client.close());
        expect(await Promise.all(calls)).toEqual(['TIMEOUT', 'TIMEOUT']);
        expectNothingOpen();
    });

    it('allows a second call, concurrent or later', async () => {
        client = create({ requestTimeoutMs: 5000 });
        await client.open();
        const calls = callMany();
        await Promise.all([client.close(), client.close()]);
        await client.close();
        expect(new Set(await Promise.all(calls))).toEqual(new Set([ANSWERED]));
        await expectNothingLeft();
    });

    it('allows a call before open', async () => {
        await client.close();
        await expectNothingLeft();
        await client.open();
        await expect(client.set('key', 'value')).resolves.toBe(true);
    });

    it('rejects a pending open', async () => {
        const opening = expect(client.open()).rejects.toMatchObject({ code: 'NOT_OPENED' });
        await client.close();
        await opening;
        await expectNothingLeft();
    });

    it('rejects a pending open that the server does not answer', async () => {
        proxy.begin(blackHole);
        const opening = expect(client.open()).rejects.toMatchObject({ code: 'NOT_OPENED' });
        await proxy.until(({ requestFrames }) => requestFrames === 1);
        await expectInTime(client.close());
        await opening;
        expectNothingOpen();
    });

    it('leaves no socket open after a failed open', async () => {
        await proxy.refuse();
        await expect(client.open()).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
        await expectNothingLeft();
        await client.close();
        await proxy.listenAgain();
        await client.open();
        await expect(client.set('key', 'value')).resolves.toBe(true);
    });

    it('allows another open, several times', async () => {
        for (let i = 0; i < 5; i++) {
            await client.open();
            await client.set('key', `value ${i}`);
            expect((await client.get('key')).value?.toString()).toBe(`value ${i}`);
            await client.close();
            await expectNothingLeft();
        }
    });

    it('delays an open that follows at once', async () => {
        await client.open();
        const closing = client.close();
        await client.open();
        await closing;
        await expect(client.set('key', 'value')).resolves.toBe(true);
    });

    it('ignores the late end of an old socket after the client opens again', async () => {
        await client.open();
        proxy.begin(blackHole);
        const call = expect(client.get('key')).rejects.toMatchObject({ code: 'TIMEOUT' });
        await client.close();
        await call;
        await proxy.refuse();
        await proxy.listenAgain();
        await client.open();
        await expect(client.set('key', 'value')).resolves.toBe(true);
    });

    const verbs: [string, (client: MemcachedClient) => Promise<unknown>][] = [
        ['get', one => one.get('key')],
        ['gets', one => one.gets('key')],
        ['getMany', one => one.getMany(['key'])],
        ['set', one => one.set('key', 'value')],
        ['setMany', one => one.setMany([['key', 'value']])],
        ['add', one => one.add('key', 'value')],
        ['replace', one => one.replace('key', 'value')],
        ['casAdd', one => one.casAdd('key', 'value')],
        ['casSet', one => one.casSet('key', 'value', 1n)],
        ['casDelete', one => one.casDelete('key', 1n)],
        ['delete', one => one.delete('key')],
        ['deleteMany', one => one.deleteMany(['key'])],
        ['increment', one => one.increment('key', 1)],
        ['decrement', one => one.decrement('key', 1)],
        ['append', one => one.append('key', 'value')],
        ['prepend', one => one.prepend('key', 'value')],
        ['touch', one => one.touch('key', 1)],
        ['getAndTouch', one => one.getAndTouch('key', 1)],
        ['noop', one => one.noop()],
    ];

    it.each(verbs)('makes %s reject with NOT_OPENED, as it does before open', async (_, call) => {
        await expect(call(client)).rejects.toMatchObject({ code: 'NOT_OPENED' });
        await client.open();
        await client.close();
        await expect(call(client)).rejects.toMatchObject({ code: 'NOT_OPENED' });
        await expectNothingLeft();
    });

    it('makes new calls reject while it is pending', async () => {
        await client.open();
        proxy.begin(blackHole);
        const [first] = callMany();
        const closing = client.close();
        await expect(client.get('key')).rejects.toMatchObject({ code: 'NOT_OPENED' });
        await closing;
        expect(await first).toBe('TIMEOUT');
    });

    it('is unnecessary for a client without an open', () => {
        const { host, port } = server;
        const other = new MemcachedClient([{ host, port }]);
        expect([other.socketCount, other.pendingCount, other.timerCount]).toEqual([0, 0, 0]);
    });
});
