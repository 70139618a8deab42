import { once } from 'node:events';
import { join } from 'node:path';
import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { forkSource } from '../support/forkSource';
import { useOpener } from '../support/Opener';
import { holding, passing, type FaultProxy } from '../support/proxy/FaultProxy';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { readItem } from '../support/server/textProtocol';
import type { Servers } from '../support/settings';
import { sleep } from '../support/sleep';

const opener = useOpener();
const KEYS = Array.from({ length: 60 }, (_, i) => `key${i}`);
let count = 0;

/** Three servers. The first server fails, and instances reach it through a proxy. */
interface Stage {
    readonly faulty: MemcachedProcess;
    readonly healthy: readonly [MemcachedProcess, MemcachedProcess];
    readonly proxy: FaultProxy;
    readonly prefix: string;
    /** The addresses that new instances use. */
    servers: Servers;
    /** The keys that are not on the first server. */
    readonly others: readonly string[];
    /** The instances that open before the fault. */
    readonly instances: MemcachedCache[];
    open(): Promise<MemcachedCache>;
}

async function prepare(): Promise<Stage> {
    const [faulty, ...healthy] = await Promise.all([opener.server(), opener.server(), opener.server()]);
    const proxy = await opener.faultProxy(faulty);
    const prefix = `faults${count++}:`;
    const settings = { prefix, clear: true, failures: 1, retry: 50, request_timeout: 400, max_size: 0 };
    const stage = {
        faulty,
        healthy,
        proxy,
        prefix,
        servers: [proxy, ...healthy] as Servers,
        others: [] as string[],
        instances: [] as MemcachedCache[],
        open: () => opener.cache(stage.servers, settings),
    };
    stage.instances.push(await stage.open(), await stage.open());
    await stage.instances[0]!.storeMany(null, new Map(KEYS.map(key => [key, 'old'])));
    expect((await stage.instances[1]!.retrieveMany(null, KEYS)).size).toBe(KEYS.length);
    const token = (await readItem(faulty, `${prefix}#namespace`))!.value;
    const here = await Promise.all(KEYS.map(key => readItem(faulty, `${prefix}#${token}:${key}`)));
    stage.others.push(...KEYS.filter((_, i) => here[i] === null));
    expect(stage.others.length).toBeGreaterThan(0);
    expect(stage.others.length).toBeLessThan(KEYS.length);
    return stage;
}

/** Returns the keys that the cache finds. A failed read counts as a miss. */
async function found(cache: MemcachedCache, keys: readonly string[] = KEYS): Promise<string[]> {
    const answers = await Promise.all(keys.map(key => cache.retrieve(null, key).catch(() => null)));
    return keys.filter((_, i) => answers[i] !== null);
}

/** Resolves when the cache can read every key, because the fault is then over. */
async function untilAllAnswer(cache: MemcachedCache): Promise<void> {
    while ((await codeOf(cache.retrieveMany(null, KEYS))) === 'BATCH_FAILED') await sleep(20);
}

interface Fault {
    readonly name: string;
    begin(stage: Stage): Promise<unknown> | void;
    end?(stage: Stage): Promise<unknown> | void;
    /** Whether `clear` rejects during the fault because it cannot reach a server. */
    readonly isAway?: boolean;
    /** Whether keys move to a server that does not hold them. */
    readonly moves?: boolean;
}

const FAULTS: readonly Fault[] = [
    { name: 'no fault', begin: () => {} },
    {
        name: 'an unavailable server',
        isAway: true,
        begin: ({ faulty }) => faulty.kill(),
        end: ({ faulty }) => faulty.restart(),
    },
    {
        name: 'a server that hangs and keeps its memory',
        isAway: true,
        begin: ({ faulty }) => opener.stop(faulty),
        end: ({ faulty }) => faulty.continue(),
    },
    { name: 'a restarted server', begin: ({ faulty }) => faulty.restart() },
    {
        name: 'a partition',
        isAway: true,
        begin: ({ proxy }) => proxy.begin(holding),
        end: ({ proxy }) => proxy.begin(passing),
    },
    {
        name: 'an evicted token',
        begin: async ({ faulty, prefix }) => (await opener.client(faulty)).delete(`${prefix}#namespace`),
    },
    {
        name: 'a fourth server',
        moves: true,
        begin: async stage => {
            stage.servers = [...[stage.servers].flat(), await opener.server()];
            await reopen(stage);
        },
    },
    {
        name: 'a removed server',
        begin: async stage => {
            stage.servers = [stage.servers].flat().slice(1);
            await reopen(stage);
        },
    },
    {
        name: 'a process that is killed during clear',
        moves: true,
        begin: async ({ faulty, healthy, prefix }) => {
            const token = `${prefix}#namespace`;
            const [second, third] = healthy;
            const slow = await opener.faultProxy(third);
            const child = forkSource(join(__dirname, 'clearChild.ts'), [prefix, faulty.port, second.port, slow.port]);
            await once(child, 'message');
            slow.begin({ request: () => {} });
            child.send('clear');
            for (const one of [faulty, second]) while ((await readItem(one, token)) !== null) await sleep(20);
            child.kill('SIGKILL');
            await once(child, 'exit');
            expect(await readItem(third, token)).not.toBeNull();
        },
    },
];

/** Replaces the instances by instances with the current servers. */
async function reopen(stage: Stage): Promise<void> {
    stage.instances.splice(0, 2, await stage.open(), await stage.open());
}

describe.each(FAULTS)('clear with $name', ({ begin, end, isAway = false, moves = false }) => {
    it('affects only the keys of the faulty server, even for a new instance', async () => {
        const stage = await prepare();
        await begin(stage);
        const { others, instances } = stage;
        for (const cache of [...instances, await stage.open()]) {
            const stay = await found(cache, others);
            if (moves) expect(stay.length).toBeGreaterThan(0);
            else expect(stay).toEqual(others);
            await cache.store(null, stay[0]!, 'new', 50_000);
            expect(await cache.retrieve(null, stay[0]!)).toBe('new');
        }
        await end?.(stage);
        await untilAllAnswer(instances[0]!);
        for (const cache of instances) {
            await cache.storeMany(null, new Map(KEYS.map(key => [key, 'again'])));
            expect(await found(cache)).toEqual(KEYS);
        }
    });

    it('restores no cleared key, and loses no later store or removal', async () => {
        const stage = await prepare();
        await begin(stage);
        const [one, other] = stage.instances as [MemcachedCache, MemcachedCache];
        const cleared = await codeOf(one.clear(null));
        if (isAway) expect(cleared).toMatch(/^(TIMEOUT|SERVER_DOWN|CONNECTION_LOST)$/);
        else expect(cleared).toBe('answered undefined');
        expect([await found(one, stage.others), await found(other, stage.others)]).toEqual([[], []]);
        await end?.(stage);
        if (isAway) while ((await codeOf(one.clear(null))) !== 'answered undefined') await sleep(20);
        const late = await stage.open();
        for (const cache of [other, one, late]) {
            await untilAllAnswer(cache);
            expect(await found(cache)).toEqual([]);
        }
        await one.storeMany(null, new Map(KEYS.map(key => [key, 1])));
        await other.store(null, 'key1', 2, 50_000);
        await late.remove(null, 'key2');
        for (const cache of [one, other, late]) {
            const values = await cache.retrieveMany(null, KEYS);
            expect([values.size, values.get('key0'), values.get('key1'), values.get('key2')]).toEqual([
                59,
                1,
                2,
                undefined,
            ]);
        }
    });
});

it('serves no cleared key from a disconnected instance, neither during the fault nor afterwards', async () => {
    const stage = await prepare();
    const settings = { prefix: stage.prefix, clear: true, fail_soft: true, request_timeout: 200, retry: 50 };
    const cut = await opener.cache(stage.servers, settings);
    expect((await cut.retrieveMany(null, KEYS)).size).toBe(KEYS.length);
    stage.proxy.begin(holding);
    // A clear by a connected instance has the same effect.
    for (const server of [stage.faulty, ...stage.healthy])
        await (await opener.client(server)).delete(`${stage.prefix}#namespace`);
    expect((await cut.retrieveMany(null, KEYS)).size).toBe(0);
    stage.proxy.begin(passing);
    await untilAllAnswer(stage.instances[0]!);
    for (const cache of [cut, ...stage.instances]) expect((await cache.retrieveMany(null, KEYS)).size).toBe(0);
});
