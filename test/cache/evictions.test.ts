import { useOpener, useServer } from '../support/Opener';
import { holding, passing } from '../support/proxy/FaultProxy';
import { readItem, readStat } from '../support/server/textProtocol';
import type { Servers } from '../support/settings';
import { sleep } from '../support/sleep';
import { numbered } from './batchCaches';

const server = useServer();
const opener = useOpener();
let count = 0;

/** Opens two instances of a service. The first instance keeps few values. */
async function open(maxSize: number, at: Servers = server) {
    const prefix = `evictions${count++}:`;
    const [one, other] = await Promise.all([
        opener.cache(at, { prefix, max_size: maxSize }),
        opener.cache(at, { prefix }),
    ]);
    return { one, other, prefix };
}

/**
 * Resolves when the value is missing. If the value is on another server or its reply is late, the
 * delete is a separate write.
 */
async function untilEvicted(isGone: () => Promise<boolean>): Promise<void> {
    while (!(await isGone())) await sleep(5);
}

describe('max_size', () => {
    it('does not evict a value that another instance has stored later', async () => {
        const { one, other } = await open(3);
        await one.store(null, 'x', 'old');
        await other.store(null, 'x', 'new');
        await one.storeMany(null, numbered(3));
        expect(one.getStats().evicted).toBe(1);
        expect(await one.retrieve(null, 'x')).toBe('new');
    });

    it('does not evict a value that another instance has stored later in a batch', async () => {
        const { one, other } = await open(3);
        await one.storeMany(null, { x: 'old', y: 'old' });
        await other.store(null, 'x', 'new');
        await one.storeMany(null, numbered(3));
        expect(one.getStats().evicted).toBe(2);
        expect(await one.retrieveMany(null, ['x', 'y'])).toEqual(new Map([['x', 'new']]));
    });

    it('does not evict a counter, whichever instance counts', async () => {
        const { one, other } = await open(10);
        for (let i = 0; i < 3; i++) await one.increment(null, 'visits', 1, { initial: 1 });
        for (let i = 0; i < 3; i++) await other.increment(null, 'visits', 1);
        await one.storeMany(null, numbered(10));
        for (let i = 0; i < 20; i++) await one.store(null, `page${i}`, i);
        expect(await other.increment(null, 'visits')).toBe(7);
    });

    it('does not evict a value that add, replace or update has stored', async () => {
        const { one, other } = await open(2);
        expect(await one.add(null, 'job', 1)).toBe(true);
        await one.store(null, 'replaced', 1);
        await one.replace(null, 'replaced', 2);
        await one.update(null, 'updated', () => 3);
        for (let i = 0; i < 10; i++) await one.store(null, `page${i}`, i);
        expect(await other.add(null, 'job', 2)).toBe(false);
        expect(await one.retrieveMany(null, ['replaced', 'updated'])).toEqual(
            new Map([
                ['replaced', 2],
                ['updated', 3],
            ]),
        );
    });

    it('does not evict the lease of a load for a key that the instance has stored before', async () => {
        const { one, other } = await open(1);
        await one.store(null, 'x', 'before', 1000);
        while ((await one.retrieve(null, 'x')) !== null) await sleep(50);
        let finish = (_: string): void => {};
        let loads = 0;
        const loading = one.retrieveOrLoad(null, 'x', 50_000, () => {
            loads++;
            return new Promise<string>(resolve => (finish = resolve));
        });
        while (loads === 0) await sleep(5);
        await one.store(null, 'y', 1);
        const waiting = other.retrieveOrLoad(null, 'x', 50_000, () => {
            loads++;
            return 'second';
        });
        await sleep(50);
        finish('first');
        expect([await loading, await waiting, loads]).toEqual(['first', 'first', 1]);
    });

    it('does not evict a value of a restarted server, even with the same CAS', async () => {
        const own = await opener.server();
        const { one, other, prefix } = await open(1, own);
        await one.store(null, 'x', 'old');
        const client = await opener.client(own);
        const { cas } = await client.gets(`${prefix}x`);
        await own.restart();
        await other.store(null, 'x', 'new');
        expect((await client.gets(`${prefix}x`)).cas).toBe(cas);
        await one.store(null, 'y', 1);
        expect(one.getStats().evicted).toBe(1);
        expect(await other.retrieve(null, 'x')).toBe('new');
    });

    it('does not evict a value of a server without CAS', async () => {
        const own = await opener.server({ args: ['-C'] });
        const { one, other } = await open(1, own);
        await one.store(null, 'x', 'old');
        await other.store(null, 'x', 'new');
        await one.store(null, 'y', 1);
        expect(await other.retrieve(null, 'x')).toBe('new');
    });
});

describe('max_size', () => {
    it('does not count an expired value', async () => {
        const { one } = await open(3);
        for (const key of ['a', 'b', 'c']) await one.store(null, key, 1, 1000);
        await sleep(2100);
        for (const key of ['d', 'e', 'f']) await one.store(null, key, 1);
        expect(one.getStats().evicted).toBe(0);
        await one.store(null, 'g', 1);
        expect(one.getStats().evicted).toBe(1);
    });

    it('counts a value until the expiry that touch or retrieveAndTouch has set', async () => {
        const { one } = await open(2);
        await one.storeMany(null, { a: 1, b: 1 }, 2000);
        await one.touch(null, 'a', 50_000);
        await one.retrieveAndTouch(null, 'b', 50_000);
        await sleep(3100);
        await one.storeMany(null, { c: 1, d: 1 });
        expect(one.getStats().evicted).toBe(2);
        expect(await one.retrieveMany(null, [...'abcd'])).toEqual(new Map(Object.entries({ c: 1, d: 1 })));
    });

    it('counts loaded values', async () => {
        const { one } = await open(2);
        for (const key of ['a', 'b', 'c']) await one.retrieveOrLoad(null, key, 50_000, () => key);
        await untilEvicted(async () => !(await one.contains(null, 'a')));
        expect(await one.retrieveMany(null, ['a', 'b', 'c'])).toEqual(
            new Map([
                ['b', 'b'],
                ['c', 'c'],
            ]),
        );
    });

    it('counts concurrently stored values, even values that it evicts before their reply', async () => {
        const { one, prefix } = await open(3);
        await Promise.all(Array.from({ length: 50 }, (_, i) => one.store(null, `key${i}`, i)));
        await untilEvicted(async () => (await readItem(server, `${prefix}key46`)) === null);
        const keys = Array.from({ length: 50 }, (_, i) => `key${i}`);
        expect([...(await one.retrieveMany(null, keys)).keys()]).toEqual(['key47', 'key48', 'key49']);
    });
});

describe('a batch larger than max_size', () => {
    it('removes the old values of the keys that it does not store', async () => {
        const { one, other } = await open(2);
        await other.store(null, 'key0', 'old');
        await one.storeMany(null, numbered(4));
        expect([...(await other.retrieveMany(null, ['key0', 'key1', 'key2', 'key3'])).keys()]).toEqual([
            'key2',
            'key3',
        ]);
    });

    it('fails for the keys whose old values it cannot delete', async () => {
        const [alive, dead] = await Promise.all([opener.server(), opener.server()]);
        const cache = await opener.cache([alive, dead], { max_size: 1, failures: 1, retries: 0 });
        const entries = numbered(40);
        await dead.kill();
        const error = await cache
            .storeMany(null, entries)
            .catch((error: { code: string; failed: Map<string, Error> }) => error);
        expect(error).toMatchObject({ code: 'BATCH_FAILED' });
        expect((error as { failed: Map<string, Error> }).failed.size).toBeGreaterThan(1);
        expect(await readStat(alive, 'curr_items')).toBeLessThanOrEqual(1);
    });
});

it('resolves a store whose value is evicted before its reply, even while the cache closes', async () => {
    const proxy = await opener.faultProxy(server);
    const { one } = await open(1, proxy);
    proxy.begin(holding);
    const stores = Promise.allSettled([one.store(null, 'a', 1), one.store(null, 'b', 2)]);
    await sleep(20);
    const closing = one.close(null);
    proxy.begin(passing);
    await closing;
    expect((await stores).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
});
