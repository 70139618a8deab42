import type { MemcachedCache, MemcachedClient } from 'pip-services4-memcached-node';
import { LEASE_TIMES } from '../../src/cache/load/LoadLease';
import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import type { FaultProxy } from '../support/proxy/FaultProxy';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { readItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';

const open = useOpener();
const HOUR = 3600;
const LIMIT = 20;
const LEASE_SECONDS = LEASE_TIMES.seconds;
const soon = { failures: 1, retries: 0 };

/** The server of the keys, behind a proxy that can refuse connections, and the only other one. */
let home: FaultProxy;
let standIn: MemcachedProcess;

beforeEach(async () => {
    home = await open.faultProxy(await open.server());
    standIn = await open.server();
});

const openClient = () =>
    open.client([home, standIn], { ...soon, retryMs: 20, failover: true, failoverTtlMs: LIMIT * 1000 + 999 });
const openCache = (settings: Record<string, unknown> = {}) =>
    open.cache([home, standIn], { ...soon, retry: 20, remove: true, remove_ttl: LIMIT * 1000, ...settings });

/** Returns keys whose home server is the one behind this port. */
const keysAt = (port: number, client: MemcachedClient, count: number) =>
    Array.from({ length: 200 }, (_, i) => `key${i}`)
        .filter(key => client.homeServer(key).port === port)
        .slice(0, count);

/** Makes the home server unreachable, and waits until calls for its key get answers. */
async function beginOutage(call: () => Promise<unknown>): Promise<void> {
    await home.refuse();
    while (!/^answered/.test(await codeOf(call()))) await sleep(1);
}

async function endOutage(): Promise<void> {
    const before = open.logger.count(/is up again/);
    await home.listenAgain();
    await open.logger.heard(/is up again/, before + 1);
}

const ttlOf = async (key: string) => (await readItem(standIn, key))!.ttl;

/** Expects the limit, not the expiry of the caller. The clock of memcached may have ticked. */
async function expectLimited(key: string, limit = LIMIT): Promise<void> {
    const ttl = await ttlOf(key);
    expect([key, ttl > 0 && ttl <= limit && ttl >= limit - 10]).toEqual([key, true]);
}

describe('on a server that stands in for another one, the limit applies to', () => {
    const inAnHour = () => Math.floor(Date.now() / 1000) + HOUR;
    const far = { expires: HOUR };

    const stores: Record<string, (client: MemcachedClient, key: string) => Promise<unknown>> = {
        set: (client, key) => client.set(key, 'value', far),
        'set, without an expiry': (client, key) => client.set(key, 'value'),
        'set, with a Unix time': (client, key) => client.set(key, 'value', { expires: inAnHour() }),
        add: (client, key) => client.add(key, 'value', far),
        replace: async (client, key) => {
            await client.set(key, 'before', { expires: 2 });
            expect(await client.replace(key, 'value', far)).toBe(true);
        },
        append: async (client, key) => {
            await client.set(key, 'value', far);
            expect(await client.append(key, 'more')).toBe(true);
        },
        casAdd: (client, key) => client.casAdd(key, 'value', far),
        casSet: async (client, key) => {
            const cas = (await client.casAdd(key, 'before', { expires: 2 }))!;
            expect(await client.casSet(key, 'value', cas, far)).toMatchObject({ outcome: 'stored' });
        },
        'a new counter': (client, key) => client.increment(key, 1, { initial: 5, ...far }),
        'a counter without an expiry': (client, key) => client.decrement(key, 1, { initial: 5 }),
        touch: async (client, key) => {
            await client.set(key, 'value', { expires: 2 });
            expect(await client.touch(key, HOUR)).toBe(true);
        },
        getAndTouch: async (client, key) => {
            await client.set(key, 'value', { expires: 2 });
            expect((await client.getAndTouch(key, 0)).value).not.toBeNull();
        },
        setMany: (client, key) => client.setMany([[key, 'value']], far),
    };

    it.each(Object.keys(stores))('%s', async name => {
        const client = await openClient();
        const [key] = keysAt(home.port, client, 1) as [string];
        await beginOutage(() => client.get(key));
        await stores[name]!(client, key);
        await expectLimited(key);
    });

    it('all values of a batch, but those at home', async () => {
        const client = await openClient();
        const moved = keysAt(home.port, client, 20);
        const own = keysAt(standIn.port, client, 20);
        await beginOutage(() => client.get(moved[0]!));
        await client.setMany(
            [...moved, ...own].map(key => [key, 'value']),
            far,
        );
        for (const key of moved) await expectLimited(key);
        for (const key of own) await expectLimited(key, HOUR);
    });

    it('no shorter expiry, and no value at home', async () => {
        const client = await openClient();
        const [moved] = keysAt(home.port, client, 1) as [string];
        const [own] = keysAt(standIn.port, client, 1) as [string];
        await beginOutage(() => client.get(moved));
        await client.set(moved, 'value', { expires: 15 });
        await client.set(own, 'value', far);
        await expectLimited(moved, 15);
        await expectLimited(own, HOUR);
        await client.touch(own, 0);
        expect(await ttlOf(own)).toBe(-1);
    });
});

describe('a cache', () => {
    const verbs: Record<string, (cache: MemcachedCache, key: string) => Promise<unknown>> = {
        store: (cache, key) => cache.store(null, key, 1, HOUR * 1000),
        storeMany: (cache, key) => cache.storeMany(null, { [key]: 1 }, HOUR * 1000),
        update: (cache, key) => cache.update(null, key, () => 1, HOUR * 1000),
        retrieveOrLoad: (cache, key) => cache.retrieveOrLoad(null, key, HOUR * 1000, () => Promise.resolve(1)),
        'retrieveOrLoad with staleFor': (cache, key) =>
            cache.retrieveOrLoad(null, key, HOUR * 1000, () => Promise.resolve(1), { staleFor: HOUR * 1000 }),
        increment: (cache, key) => cache.increment(null, key, 1, { initial: 5, timeout: HOUR * 1000 }),
        add: (cache, key) => cache.add(null, key, 1, HOUR * 1000),
    };

    it.each([...Object.keys(verbs).map(name => [name, 1000] as const), ['store', 0] as const])(
        'limits %s (max_size %i)',
        async (name, max_size) => {
            const client = await openClient();
            const [key] = keysAt(home.port, client, 1) as [string];
            const cache = await openCache({ max_size });
            await beginOutage(() => cache.retrieve(null, key));
            await verbs[name]!(cache, key);
            // A loaded value takes the place of its lease a moment after its caller has it.
            while ((await ttlOf(key)) <= LEASE_SECONDS) await sleep(5);
            await expectLimited(key);
        },
    );

    it('limits values under a token, but not the token', async () => {
        const cache = await openCache({ prefix: 'p:', clear: true });
        const keys = Array.from({ length: 20 }, (_, i) => `key${i}`);
        await beginOutage(() => cache.storeMany(null, Object.fromEntries(keys.map(key => [key, 1])), HOUR * 1000));
        const { value: token, ttl: tokenTtl } = (await readItem(standIn, 'p:#namespace'))!;
        expect(tokenTtl).toBe(-1);
        const ttls = await Promise.all(keys.map(key => ttlOf(`p:#${token}:${key}`)));
        expect(new Set(ttls.map(ttl => ttl <= LIMIT))).toEqual(new Set([true, false]));
    });

    it.each([
        [1000, null],
        [0, 'old'],
    ])('with remove_ttl %i returns %p for an old value in the next outage', async (remove_ttl, found) => {
        const client = await openClient();
        const [key] = keysAt(home.port, client, 1) as [string];
        const cache = await openCache({ remove_ttl });
        const retrieve = () => cache.retrieve(null, key);
        await beginOutage(retrieve);
        await cache.store(null, key, 'old', HOUR * 1000);
        expect(await retrieve()).toBe('old');
        await endOutage();
        await cache.store(null, key, 'new', HOUR * 1000);
        if (remove_ttl > 0) while ((await readItem(standIn, key)) !== null) await sleep(20);
        await beginOutage(retrieve);
        expect(await retrieve()).toBe(found);
    });

    it('is told that the option needs options.remove', async () => {
        await openCache({ remove: false });
        const unused = 'warn options.remove_ttl has no effect without options.remove: true';
        expect(open.logger.lines.filter(text => text === unused)).toEqual([unused]);
        open.logger.clear();
        await openCache();
        await openCache({ remove_ttl: 0, remove: false });
        expect(open.logger.count(/remove_ttl/)).toBe(0);
    });
});
