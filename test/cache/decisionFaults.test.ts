import { MemcachedClient } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { describeEachLoss, type End, type LossContext, type Point } from '../support/proxy/loseNext';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { readStat, writeItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';

const server = useServer();
const open = useOpener();

type Counter = { n: number };
const next = (value: Counter | null): Counter => ({ n: (value?.n ?? 0) + 1 });

/** Opens a cache through the proxy, and a cache without the proxy. */
async function openBoth({ open, proxy, key }: LossContext) {
    const settings = { prefix: `${key}:` };
    const [through, cache] = [open.cache(proxy, { ...settings, request_timeout: 1000 }), open.cache(server, settings)];
    return { through: await through, cache: await cache };
}

/** Returns the outcome of a request that is not idempotent. */
const outcomeOf = (point: Point, end: End) => ({
    isDone: point !== 'the request',
    error: end === 'silence' ? 'TIMEOUT' : 'CONNECTION_LOST',
});

describe('an unavailable memcached', () => {
    it('makes reads miss with fail_soft, but still rejects commands that memcached decides', async () => {
        const dying = await open.server();
        const soft = await open.cache(dying, { fail_soft: true, failures: 1 });
        await dying.kill();
        expect(await soft.touch(null, 'k')).toBe(false);
        expect(await soft.contains(null, 'k')).toBe(false);
        expect(await soft.retrieveAndTouch(null, 'k')).toBeNull();
        const away = /^(SERVER_DOWN|CONNECTION_LOST|CONNECT_FAILED)$/;
        expect(await codeOf(soft.add(null, 'k', 1))).toMatch(away);
        expect(await codeOf(soft.replace(null, 'k', 1))).toMatch(away);
        expect(await codeOf(soft.increment(null, 'k'))).toMatch(away);
        expect(await codeOf(soft.decrement(null, 'k', 1, { initial: 1 }))).toMatch(away);
        expect(await codeOf(soft.append(null, 'k', 'x'))).toMatch(away);
        expect(await codeOf(soft.prepend(null, 'k', 'x'))).toMatch(away);
        expect(await codeOf(soft.update(null, 'k', () => 1))).toMatch(away);
        const prefixed = await open.cache(dying, { fail_soft: true, failures: 1, prefix: 'p:', clear: true });
        expect(await codeOf(prefixed.clear(null))).toMatch(away);
    });

    describeEachLoss(server, (it, point, end) => {
        const { isDone, error } = outcomeOf(point, end);

        it('counts at most once, and rejects when the outcome is unknown', async context => {
            const { through, cache } = await openBoth(context);
            await cache.store(null, 'n', 10, 50_000);
            context.lose('count');
            expect(await codeOf(through.increment(null, 'n', 5))).toBe(error);
            expect(await cache.retrieve(null, 'n')).toBe(isDone ? 15 : 10);
        });

        it('rejects an add with an unknown outcome instead of returning false', async context => {
            const { through, cache } = await openBoth(context);
            context.lose('add');
            expect(await codeOf(through.add(null, 'n', 5))).toBe(error);
            expect(await cache.retrieve(null, 'n')).toBe(isDone ? 5 : null);
        });
    });
});

describeEachLoss(server, (it, point, end) => {
    const { isDone, error } = outcomeOf(point, end);

    for (const [what, verb, before] of [
        ['adds', 'add', null],
        ['changes', 'cas', 1],
        ['removes', 'delete', 1],
    ] as const) {
        it(`rejects an update that ${what} a value with an unknown outcome, and does not retry it`, async context => {
            const { through, cache } = await openBoth(context);
            if (before !== null) await cache.store(null, 'key', before, 50_000);
            const after = verb === 'delete' ? null : (before ?? 0) + 1;
            const change = jest.fn(() => after);
            context.lose(verb);
            expect(await codeOf(through.update<number>(null, 'key', change))).toBe(error);
            expect(change).toHaveBeenCalledTimes(1);
            expect(await cache.retrieve(null, 'key')).toBe(isDone ? after : before);
        });
    }

    it('retries a lost read or rejects, and changes the value at most once', async context => {
        const { through, cache } = await openBoth(context);
        await cache.store(null, 'key', 1, 50_000);
        context.lose('get');
        const answer = await codeOf(through.update<number>(null, 'key', value => value! + 1));
        expect(answer).toBe(end === 'silence' ? 'TIMEOUT' : 'answered 2');
        expect(await cache.retrieve(null, 'key')).toBe(end === 'silence' ? 1 : 2);
    });
});

it('does not write with the old CAS when the server restarts between read and write', async () => {
    const dying = await open.server();
    const one = await open.cache(dying, { retry: 30 });
    await one.store(null, 'key', 'old', 5000);
    const seen: unknown[] = [];
    const answer = await one.update<string>(null, 'key', async value => {
        seen.push(value);
        if (seen.length === 1) {
            const cas = await casOf(dying, 'key');
            await dying.restart();
            // These writes raise the CAS to the one that the update has read.
            while ((await casOf(dying, 'key')) < cas) await writeItem(dying, 'key', '"foreign"');
        }
        return `${value} and more`;
    });
    expect(seen).toEqual(['old', 'foreign']);
    expect(answer).toBe('foreign and more');
});

async function casOf({ host, port }: MemcachedProcess, key: string): Promise<bigint> {
    const client = new MemcachedClient([{ host, port }]);
    await client.open();
    const { cas } = await client.gets(key);
    await client.close();
    return cas;
}

it('loses no resolved update when the server fails during updates', async () => {
    const dying = await open.server();
    const one = await open.cache(dying, { retry: 30, request_timeout: 500 });
    let isOver = false;
    const codes = new Set<string>();
    let done: number[] = [];
    const worker = async (): Promise<void> => {
        while (!isOver) {
            try {
                done.push((await one.update<Counter>(null, 'key', next))!.n);
            } catch (error) {
                codes.add((error as { code: string }).code);
                await sleep(5);
            }
        }
    };
    const working = Promise.all(Array.from({ length: 10 }, worker));
    for (let i = 0; i < 3; i++) {
        await sleep(100);
        await dying.stop();
        await sleep(100);
        dying.continue();
        await sleep(100);
        await dying.restart();
        done = [];
        await sleep(200);
        // The cache returns each number only once.
        expect(new Set(done).size).toBe(done.length);
    }
    isOver = true;
    await working;
    for (const code of codes) expect(code).toMatch(/^(CONNECTION_LOST|TIMEOUT|SERVER_DOWN)$/);
});

describe('a server with other options', () => {
    it('supports conditions and counters without CAS (-C), but no update of an existing key', async () => {
        const bare = await open.server({ withoutCas: true });
        const one = await open.cache(bare);
        expect(await one.add(null, 'k', 'text')).toBe(true);
        expect(await one.add(null, 'k', 'text')).toBe(false);
        expect(await one.replace(null, 'k', 'more')).toBe(true);
        expect(await one.increment(null, 'n', 1, { initial: 3 })).toBe(3);
        expect(await codeOf(one.append(null, 'k', 'x'))).toBe('CAS_DISABLED');
        expect(await codeOf(one.update(null, 'k', () => 'new'))).toBe('CAS_DISABLED');
        expect(await codeOf(one.update(null, 'k', () => null))).toBe('CAS_DISABLED');
        expect(await one.retrieve(null, 'k')).toBe('more');
        expect(await one.update(null, 'absent', value => value ?? 'made')).toBe('made');
    });

    it('rejects writes when full (-M), and keeps the existing values', async () => {
        const full = await open.server({ withoutEviction: true, memoryMegabytes: 2 });
        const one = await open.cache(full, { max_size: 0 });
        await one.store(null, 'k', 'text');
        await one.store(null, 'n', 1);
        const large = 'x'.repeat(200_000);
        for (let i = 0; (await codeOf(one.add(null, `fill${i}`, large))) === 'answered true'; i++);
        expect(await codeOf(one.add(null, 'other', large))).toBe('SERVER_ERROR');
        expect(await codeOf(one.replace(null, 'k', large))).toBe('SERVER_ERROR');
        expect(await codeOf(one.update(null, 'k', () => large))).toBe('SERVER_ERROR');
        expect(await one.retrieve(null, 'k')).toBe('text');
        expect(await one.increment(null, 'n')).toBe(2);
        expect(await readStat(full, 'evictions')).toBe(0);
    });
});
