import { BadRequestException } from 'pip-services4-commons-node';
import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { verbOf } from '../support/proxy/messages';
import { readItem, readStat, writeItem } from '../support/server/textProtocol';
import type { Servers, Settings } from '../support/settings';
import { sleep } from '../support/sleep';

const server = useServer();
const opener = useOpener();
let cache: MemcachedCache;
let prefix: string;

const open = (settings: Settings = {}, at: Servers = server) => opener.cache(at, { prefix, ...settings });

beforeEach(async () => {
    prefix = `${opener.key}:`;
    cache = await open();
});

type Counter = { n: number };
const next = (value: Counter | null): Counter => ({ n: (value?.n ?? 0) + 1 });

describe('update', () => {
    it('computes a new value from the old value', async () => {
        const seen: unknown[] = [];
        const change = (value: Counter | null): Counter => {
            seen.push(value);
            return next(value);
        };
        expect(await cache.update(null, 'key', change, 100_000)).toEqual({ n: 1 });
        expect(await cache.update<Counter>(null, 'key', async value => Promise.resolve(change(value)))).toEqual({
            n: 2,
        });
        expect(seen).toEqual([null, { n: 1 }]);
        expect(await cache.retrieve(null, 'key')).toEqual({ n: 2 });
        expect((await readItem(server, `${prefix}key`))!.ttl).toBeLessThanOrEqual(60);
    });

    it('accepts a change that modifies its argument and returns a thenable', async () => {
        await cache.store(null, 'key', { list: [1] }, 50_000);
        const answer = await cache.update<{ list: number[] }>(null, 'key', value => {
            value!.list.push(2);
            return { then: (resolve: (value: unknown) => void) => resolve(value) } as never;
        });
        expect(answer).toEqual({ list: [1, 2] });
        expect(await cache.retrieve(null, 'key')).toEqual({ list: [1, 2] });
    });

    it('keeps bytes and compressed values', async () => {
        const packing = await open({ compress_min: 1000 });
        await packing.store(null, 'bytes', Buffer.alloc(5000, 1), 50_000);
        const more = await packing.update<Buffer>(null, 'bytes', value => Buffer.concat([value!, Buffer.from([2])]));
        expect(more!.length).toBe(5001);
        expect(await packing.retrieve(null, 'bytes')).toEqual(more);
        await Promise.all(
            Array.from({ length: 20 }, (_, i) => {
                return packing.update<string[]>(null, 'texts', value => [...(value ?? []), `${i}`.repeat(1000)]);
            }),
        );
        expect(((await packing.retrieve(null, 'texts')) as string[]).length).toBe(20);
    });

    it.each([null, undefined])('removes the entry when the change returns %p', async nothing => {
        expect(await cache.update(null, 'key', () => nothing)).toBeNull();
        await cache.store(null, 'key', 1, 50_000);
        expect(await cache.update(null, 'key', () => Promise.resolve(nothing))).toBeNull();
        expect(await readItem(server, `${prefix}key`)).toBeNull();
    });

    it('passes null for an entry of another program, and replaces it', async () => {
        await writeItem(server, `${prefix}key`, '{no json');
        expect(await cache.update(null, 'key', next)).toEqual({ n: 1 });
        expect(await cache.retrieve(null, 'key')).toEqual({ n: 1 });
    });

    it('calls the change again after a conflict with another writer', async () => {
        for (const [before, meddled] of [
            [1, 10],
            [null, 10],
            [1, null],
        ]) {
            await cache.store(null, 'key', before, 50_000);
            const seen: unknown[] = [];
            await cache.update<number>(null, 'key', async value => {
                seen.push(value);
                if (seen.length === 1) await cache.store(null, 'key', meddled, 50_000);
                return (value ?? 0) + 1;
            });
            expect(seen).toEqual([before, meddled]);
            expect(await cache.retrieve(null, 'key')).toBe((meddled ?? 0) + 1);
        }
    });

    it('does not remove a value that another writer stores during the change', async () => {
        await cache.store(null, 'key', 1, 50_000);
        let tries = 0;
        const answer = await cache.update<number>(null, 'key', async value => {
            if (++tries === 1) await cache.store(null, 'key', 2, 50_000);
            return value === 1 ? null : value;
        });
        expect([answer, tries, await cache.retrieve(null, 'key')]).toEqual([2, 2, 2]);
    });

    it('calls the change only once, even in the first call and after an idle time without sockets', async () => {
        const idle = await open({ idle: 50 });
        for (let i = 1; i <= 3; i++) {
            let asked = 0;
            await idle.update<Counter>(null, 'key', value => {
                asked++;
                return next(value);
            });
            expect(asked).toBe(1);
            const connections = await readStat(server, 'curr_connections');
            while ((await readStat(server, 'curr_connections')) >= connections) {
                await sleep(20);
            }
        }
        expect(await idle.retrieve(null, 'key')).toEqual({ n: 3 });
    });

    it('takes two round trips', async () => {
        const proxy = await opener.recordingProxy(server);
        const through = await open({}, proxy);
        await through.update(null, 'key', next);
        proxy.writes.length = 0;
        await through.update(null, 'key', next);
        expect(proxy.writes.map(verbOf)).toEqual(['get', 'cas']);
    });

    it('loses none of 1,000 concurrent updates in one process, and avoids conflicts between them', async () => {
        let asked = 0;
        const answers = await Promise.all(
            Array.from({ length: 1000 }, () =>
                cache.update<Counter>(null, 'key', value => {
                    asked++;
                    return next(value);
                }),
            ),
        );
        expect(answers.map(value => value!.n)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
        expect(asked).toBe(1000);
    });

    it('loses no update of two concurrent instances', async () => {
        const other = await open();
        const change = jest.fn(next);
        await Promise.all(Array.from({ length: 200 }, (_, i) => (i % 2 ? cache : other).update(null, 'key', change)));
        expect(await cache.retrieve(null, 'key')).toEqual({ n: 200 });
        expect(change.mock.calls.length).toBeGreaterThan(200);
    });

    it('does not wait for updates of other keys', async () => {
        let finish!: () => void;
        const slow = cache.update(null, 'slow', async () => {
            await new Promise<void>(resolve => (finish = resolve));
            return 1;
        });
        expect(await cache.update(null, 'fast', () => 2)).toBe(2);
        finish();
        expect(await slow).toBe(1);
    });

    it('does not count toward max_size, and frees room when it changes or removes a stored value', async () => {
        const small = await open({ max_size: 2 });
        const kept = async () => [...(await small.retrieveMany(null, ['a', 'b', 'c', 'd'])).keys()].join('');
        for (const key of ['a', 'b', 'a', 'c']) await small.update(null, key, () => 1);
        expect(await kept()).toBe('abc');
        await small.storeMany(null, { a: 1, b: 1 });
        await small.update(null, 'a', () => 2);
        await small.store(null, 'c', 1);
        expect(await kept()).toBe('abc');
        await small.update(null, 'b', () => null);
        await small.store(null, 'd', 1);
        expect(await kept()).toBe('acd');
        await small.store(null, 'b', 1);
        expect(await kept()).toBe('abd');
    });
});

describe('a change', () => {
    it.each([new Error('own'), null, undefined, 'text', 5])('rejects with its own error %p', async own => {
        await cache.store(null, 'key', 1, 50_000);
        const throwing = (): never => {
            throw own as Error;
        };
        const rejecting = async (): Promise<never> => {
            await Promise.resolve();
            return throwing();
        };
        for (const change of [throwing, rejecting]) {
            const outcome = await cache.update('trace', 'key', change).then(
                () => 'answered',
                (error: unknown) => ({ error }),
            );
            expect(outcome).toEqual({ error: own });
        }
        expect(await cache.retrieve(null, 'key')).toBe(1);
        expect(await cache.update(null, 'key', () => 2)).toBe(2);
    });

    it('keeps the trace id that an exception already has', async () => {
        const own = new BadRequestException('own', 'OWN', 'own');
        const throwing = (): never => {
            throw own;
        };
        await expect(cache.update(null, 'key', throwing)).rejects.toBe(own);
        expect(own.trace_id).toBe('own');
    });

    it.each([5n, () => 1, Symbol('s'), NaN, 'x'.repeat(2 ** 20)])('rejects an unstorable result', async bad => {
        await cache.store(null, 'key', 1, 50_000);
        expect(await codeOf(cache.update(null, 'key', () => bad as never))).toMatch(/NOT_SERIALIZABLE|VALUE_TOO_LARGE/);
        expect(await cache.retrieve(null, 'key')).toBe(1);
    });

    it.each([null, undefined, 5, 'text', {}, Promise.resolve(1), Symbol('s')])('is rejected as %p', async change => {
        await expect(cache.update('trace', 'key', change as never)).rejects.toMatchObject({
            code: 'INVALID_FUNCTION',
            trace_id: 'trace',
        });
    });

    it('times out when it never settles, and its late result has no effect', async () => {
        const hasty = await open({ update_timeout: 200 });
        await hasty.store(null, 'key', 1, 50_000);
        let answer!: (value: number) => void;
        const stuck = hasty.update<number>(null, 'key', () => new Promise(resolve => (answer = resolve)));
        const behind = hasty.update<number>(null, 'key', value => value! + 1);
        await expect(stuck).rejects.toMatchObject({ code: 'UPDATE_CONFLICT', details: { key: 'key' } });
        // The second update gets its turn in time, or it times out too.
        const after = await codeOf(behind);
        expect(['UPDATE_CONFLICT', 'answered 2']).toContain(after);
        const held = await hasty.retrieve(null, 'key');
        answer(100);
        await new Promise(setImmediate);
        expect(await hasty.update<number>(null, 'key', value => value! + 1)).toBe((held as number) + 1);
    });

    it('does not hang when it updates its own key', async () => {
        const hasty = await open({ update_timeout: 200 });
        const inner = (): Promise<number | null> => hasty.update<number>(null, 'key', () => 1);
        expect(await codeOf(hasty.update<number>(null, 'key', inner))).toBe('UPDATE_CONFLICT');
        expect(await hasty.update<number>(null, 'key', () => 2)).toBe(2);
    });

    it('rejects with UPDATE_CONFLICT in time when another writer is faster each time', async () => {
        const hasty = await open({ update_timeout: 200 });
        let meddled = 0;
        const begun = performance.now();
        const updating = hasty.update<number>('trace', 'key', async () => {
            await cache.store(null, 'key', ++meddled, 50_000);
            return -1;
        });
        await expect(updating).rejects.toMatchObject({
            code: 'UPDATE_CONFLICT',
            category: 'Conflict',
            status: 409,
            trace_id: 'trace',
        });
        expect(performance.now() - begun).toBeGreaterThan(190);
        expect(await cache.retrieve(null, 'key')).toBe(meddled);
    });
});

describe('close', () => {
    it('rejects updates that wait for their turn, for their change, or between two attempts', async () => {
        await cache.store(null, 'held', 1, 50_000);
        const stuck = [
            cache.update(null, 'held', () => new Promise<never>(() => {})),
            cache.update(null, 'held', () => 2),
            cache.append(null, 'held', 'x'),
        ];
        const other = await open();
        let tries = 0;
        const racing = cache.update<number>(null, 'raced', async () => {
            tries++;
            await other.store(null, 'raced', tries, 50_000);
            return -1;
        });
        const codes = Promise.all([...stuck, racing].map(codeOf));
        while (tries < 3) await new Promise(setImmediate);
        const begun = performance.now();
        await cache.close(null);
        expect(await codes).toEqual(Array(4).fill('NOT_OPENED'));
        expect(performance.now() - begun).toBeLessThan(5000);
        expect(await other.retrieve(null, 'held')).toBe(1);
        await cache.open(null);
        expect(await cache.update(null, 'held', () => 2)).toBe(2);
    });

    it('lets exactly the resolved updates take effect', async () => {
        for (let round = 0; round < 10; round++) {
            await cache.store(null, 'key', { n: 0 }, 50_000);
            const updating = Array.from({ length: 50 }, () => cache.update<Counter>(null, 'key', next));
            const settled = Promise.allSettled(updating);
            for (let i = 0; i < round * 3; i++) await new Promise(setImmediate);
            await cache.close(null);
            const done = (await settled).filter(({ status }) => status === 'fulfilled').length;
            await cache.open(null);
            expect(await cache.retrieve(null, 'key')).toEqual({ n: done });
        }
    });
});
