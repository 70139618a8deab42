import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { BadRequestException } from 'pip-services4-commons-node';
import type { MemcachedCache } from '../../src/cache/MemcachedCache';
import { MemcachedClient } from '../../src/client/MemcachedClient';
import { FaultProxy, passing } from '../support/proxy/FaultProxy';
import { losing, losses } from '../support/proxy/loseNext';
import { codeOf, openCache } from '../support/openCache';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { RecordingProxy } from '../support/proxy/RecordingProxy';
import { readItem, readStat, writeItem } from '../support/server/textProtocol';

const ADD = 0x02;
const REPLACE = 0x03;
const DELETE = 0x04;
const GET = 0x00;

const PROCESSES = 8;
const TIMES = 1000;

let server: MemcachedProcess;
let cache: MemcachedCache;
let prefix: string;
let count = 0;
const caches: MemcachedCache[] = [];

async function open(more: Record<string, unknown> = {}, at: unknown = server): Promise<MemcachedCache> {
    const options = { prefix: prefix, generation_ttl: 0, ...more };
    const one = await openCache(at as MemcachedProcess, options);
    caches.push(one);
    return one;
}

beforeAll(async () => {
    server = await MemcachedProcess.start();
});
afterAll(() => server.end());

beforeEach(async () => {
    prefix = `u${count++}:`;
    cache = await open();
});
afterEach(() => Promise.all(caches.splice(0).map(one => one.close(null))));

type Counter = { n: number };
const next = (value: Counter | null): Counter => ({ n: (value?.n ?? 0) + 1 });

describe('update', () => {
    it('computes a new value from the old one', async () => {
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

    it('may change its argument, and answer anything that awaits', async () => {
        await cache.store(null, 'key', { list: [1] }, 5000);
        const answer = await cache.update<{ list: number[] }>(null, 'key', value => {
            value!.list.push(2);
            return { then: (resolve: (value: unknown) => void) => resolve(value) } as never;
        });
        expect(answer).toEqual({ list: [1, 2] });
        expect(await cache.retrieve(null, 'key')).toEqual({ list: [1, 2] });
    });

    it('keeps bytes, and values that are compressed', async () => {
        const packing = await open({ compress_min: 1000 });
        await packing.store(null, 'bytes', Buffer.alloc(5000, 1), 5000);
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

    it.each([null, undefined])('removes the entry when it answers %p', async nothing => {
        expect(await cache.update(null, 'key', () => nothing)).toBeNull();
        await cache.store(null, 'key', 1, 5000);
        expect(await cache.update(null, 'key', () => Promise.resolve(nothing))).toBeNull();
        expect(await readItem(server, `${prefix}key`)).toBeNull();
    });

    it('is given null for what is no value of ours, and may put one in its place', async () => {
        await writeItem(server, `${prefix}key`, '{no json');
        expect(await cache.update(null, 'key', next)).toEqual({ n: 1 });
        expect(await cache.retrieve(null, 'key')).toEqual({ n: 1 });
    });

    it('asks again when somebody else was faster', async () => {
        for (const [before, meddled] of [
            [1, 10],
            [null, 10],
            [1, null],
        ]) {
            await cache.store(null, 'key', before, 5000);
            const seen: unknown[] = [];
            await cache.update<number>(null, 'key', async value => {
                seen.push(value);
                if (seen.length === 1) await cache.store(null, 'key', meddled, 5000);
                return (value ?? 0) + 1;
            });
            expect(seen).toEqual([before, meddled]);
            expect(await cache.retrieve(null, 'key')).toBe((meddled ?? 0) + 1);
        }
    });

    it('removes nothing that somebody else has stored meanwhile', async () => {
        await cache.store(null, 'key', 1, 5000);
        let tries = 0;
        const answer = await cache.update<number>(null, 'key', async value => {
            if (++tries === 1) await cache.store(null, 'key', 2, 5000);
            return value === 1 ? null : value;
        });
        expect([answer, tries, await cache.retrieve(null, 'key')]).toEqual([2, 2, 2]);
    });

    it('asks once only, also with the first call and after the sockets were closed', async () => {
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
        const proxy = await RecordingProxy.start(server);
        const through = await open({}, proxy);
        await through.update(null, 'key', next);
        proxy.writes.length = 0;
        await through.update(null, 'key', next);
        expect(proxy.writes.map(write => write[1])).toEqual([GET, REPLACE]);
        await through.close(null);
        await proxy.end();
    });

    it('1,000 at once in one process lose nothing, and do not race each other', async () => {
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

    it('of different keys do not wait for each other', async () => {
        let finish!: () => void;
        const slow = cache.update(null, 'slow', async () => {
            await new Promise<void>(resolve => (finish = resolve));
            return 1;
        });
        expect(await cache.update(null, 'fast', () => 2)).toBe(2);
        finish();
        expect(await slow).toBe(1);
    });

    it('counts for max_size', async () => {
        const small = await open({ max_size: 2 });
        const kept = async () => [...(await small.retrieveMany(null, ['a', 'b', 'c', 'd'])).keys()].join('');
        for (const key of ['a', 'b', 'a', 'c']) await small.update(null, key, () => 1);
        expect(await kept()).toBe('ac');
        await small.update(null, 'c', () => null);
        await small.store(null, 'd', 1);
        expect(await kept()).toBe('ad');
        // It is not removed, because somebody was faster, and counts still.
        let tries = 0;
        await small.update(null, 'd', async () => {
            if (++tries === 1) await cache.store(null, 'd', 2, 5000);
            return tries === 1 ? null : 3;
        });
        await small.store(null, 'b', 1);
        expect(await kept()).toBe('bd');
    });
});

it(`${PROCESSES} processes × ${TIMES} increments of a JSON counter are exactly ${PROCESSES * TIMES}`, async () => {
    const children: ChildProcess[] = [];
    const ended: Promise<unknown[]>[] = [];
    try {
        for (let i = 0; i < PROCESSES; i++) {
            const child = fork(
                join(__dirname, 'updateChild.ts'),
                [String(server.port), `${prefix}key`, String(TIMES)],
                {
                    execArgv: ['-r', join(__dirname, '../support/register.cjs')],
                },
            );
            children.push(child);
            ended.push(once(child, 'exit'));
        }
        await Promise.all(children.map(child => once(child, 'message')));
        for (const child of children) child.send('go');
        const exits = await Promise.all(ended);
        expect(exits.map(([code]) => code)).toEqual(Array(PROCESSES).fill(0));
        expect(await cache.retrieve(null, 'key')).toEqual({ n: PROCESSES * TIMES });
    } finally {
        for (const child of children) child.kill('SIGKILL');
    }
}, 60_000);

describe('a change that', () => {
    it.each([new Error('own'), null, undefined, 'text', 5])('throws %p: that is what is thrown', async own => {
        await cache.store(null, 'key', 1, 5000);
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

    it('throws an exception with a trace id of its own keeps it when there is no other', async () => {
        const own = new BadRequestException('own', 'OWN', 'own');
        const throwing = (): never => {
            throw own;
        };
        await expect(cache.update(null, 'key', throwing)).rejects.toBe(own);
        expect(own.trace_id).toBe('own');
    });

    it.each([5n, () => 1, Symbol('s'), NaN, 'x'.repeat(2 ** 20)])('answers what cannot be stored', async bad => {
        await cache.store(null, 'key', 1, 5000);
        expect(await codeOf(cache.update(null, 'key', () => bad as never))).toMatch(/NOT_SERIALIZABLE|VALUE_TOO_LARGE/);
        expect(await cache.retrieve(null, 'key')).toBe(1);
    });

    it.each([null, undefined, 5, 'text', {}, Promise.resolve(1), Symbol('s')])('is none: %p', async change => {
        await expect(cache.update('trace', 'key', change as never)).rejects.toMatchObject({
            code: 'INVALID_FUNCTION',
            trace_id: 'trace',
        });
    });

    it('never settles is given up, and what it answers later changes nothing', async () => {
        const hasty = await open({ update_timeout: 200 });
        await hasty.store(null, 'key', 1, 5000);
        let answer!: (value: number) => void;
        const stuck = hasty.update<number>(null, 'key', () => new Promise(resolve => (answer = resolve)));
        const behind = hasty.update<number>(null, 'key', value => value! + 1);
        await expect(stuck).rejects.toMatchObject({ code: 'UPDATE_CONFLICT', details: { key: 'key' } });
        // Its turn came in time, or it was given up too.
        const after = await codeOf(behind);
        expect(['UPDATE_CONFLICT', 'answered 2']).toContain(after);
        const held = await hasty.retrieve(null, 'key');
        answer(100);
        await new Promise(setImmediate);
        expect(await hasty.update<number>(null, 'key', value => value! + 1)).toBe((held as number) + 1);
    });

    it('updates its own key does not hang', async () => {
        const hasty = await open({ update_timeout: 200 });
        const inner = (): Promise<number | null> => hasty.update<number>(null, 'key', () => 1);
        expect(await codeOf(hasty.update<number>(null, 'key', inner))).toBe('UPDATE_CONFLICT');
        expect(await hasty.update<number>(null, 'key', () => 2)).toBe(2);
    });

    it('meets somebody faster each time is a conflict in time', async () => {
        const hasty = await open({ update_timeout: 200 });
        let meddled = 0;
        const begun = performance.now();
        const updating = hasty.update<number>('trace', 'key', async () => {
            await cache.store(null, 'key', ++meddled, 5000);
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

describe('append and prepend', () => {
    it('join texts, in one or many processes', async () => {
        expect(await cache.append(null, 'key', 'x')).toBe(false);
        expect(await cache.prepend(null, 'key', 'x')).toBe(false);
        expect(await cache.retrieve(null, 'key')).toBeNull();
        await cache.store(null, 'key', 'b"', 5000);
        expect(await cache.append(null, 'key', 'č\n', 100_000)).toBe(true);
        expect(await cache.prepend(null, 'key', '🐎')).toBe(true);
        expect(await cache.append(null, 'key', '')).toBe(true);
        expect(await cache.retrieve(null, 'key')).toBe('🐎b"č\n');
        const other = await open();
        await cache.store(null, 'key', '', 5000);
        const texts = Array.from({ length: 100 }, (_, i) => `<${i}>`);
        await Promise.all(texts.map((text, i) => (i % 2 ? cache : other).append(null, 'key', text)));
        const joined = (await cache.retrieve(null, 'key')) as string;
        expect(joined.length).toBe(texts.join('').length);
        for (const text of texts) expect(joined).toContain(text);
    });

    it.each([5, ['a'], { a: 1 }, false, Buffer.from('text')])('refuse what holds %p', async value => {
        await cache.store(null, 'key', value, 5000);
        expect(await codeOf(cache.append(null, 'key', 'x'))).toBe('NOT_TEXT');
        expect(await codeOf(cache.prepend(null, 'key', 'x'))).toBe('NOT_TEXT');
        expect(await cache.retrieve(null, 'key')).toEqual(value);
    });

    it.each([null, undefined, 5, ['x'], Buffer.from('x'), Symbol('s')])('refuse to join %p', async more => {
        await cache.store(null, 'key', 'text', 5000);
        expect(await codeOf(cache.append(null, 'key', more as never))).toBe('NOT_TEXT');
        expect(await codeOf(cache.prepend(null, 'key', more as never))).toBe('NOT_TEXT');
        expect(await cache.retrieve(null, 'key')).toBe('text');
    });

    it('leave alone what another program has stored', async () => {
        await writeItem(server, `${prefix}key`, 'no json', 7);
        expect(await cache.append(null, 'key', 'x')).toBe(false);
        expect(await readItem(server, `${prefix}key`)).toMatchObject({ value: 'no json', flags: 7 });
    });

    it('refuse what becomes too large', async () => {
        const small = await open({ max_value: 100 });
        await small.store(null, 'key', 'x'.repeat(90));
        expect(await codeOf(small.append(null, 'key', 'y'.repeat(20)))).toBe('VALUE_TOO_LARGE');
        expect(await small.retrieve(null, 'key')).toBe('x'.repeat(90));
    });
});

describe.each(losses)('when %s is lost, followed by %s,', (point, end) => {
    const isDone = point !== 'the request';
    const error = end === 'silence' ? 'TIMEOUT' : 'CONNECTION_LOST';

    it.each([
        ['a value that is made', ADD, null],
        ['a value that is changed', REPLACE, 1],
        ['a value that is removed', DELETE, 1],
    ])('nobody is told a tale of %s, and nothing is done twice', async (_, opcode, before) => {
        const proxy = await FaultProxy.start(server.port);
        const through = await open({ request_timeout: 300 }, { host: '127.0.0.1', port: proxy.port });
        if (before !== null) await cache.store(null, 'key', before, 50_000);
        let asked = 0;
        const after = opcode === DELETE ? null : (before ?? 0) + 1;
        proxy.begin(losing(opcode, point, end));
        const updating = through.update<number>(null, 'key', () => {
            asked++;
            return after;
        });
        expect(await codeOf(updating)).toBe(error);
        expect(asked).toBe(1);
        proxy.begin(passing);
        expect(await cache.retrieve(null, 'key')).toBe(isDone ? after : before);
        await through.close(null);
        await proxy.close();
    });

    it('a read that is lost is read again, or an error; the value is changed once', async () => {
        const proxy = await FaultProxy.start(server.port);
        const through = await open({ request_timeout: 300 }, { host: '127.0.0.1', port: proxy.port });
        await cache.store(null, 'key', 1, 50_000);
        proxy.begin(losing(GET, point, end));
        const answer = await codeOf(through.update<number>(null, 'key', value => value! + 1));
        expect(answer).toBe(end === 'silence' ? 'TIMEOUT' : 'answered 2');
        proxy.begin(passing);
        expect(await cache.retrieve(null, 'key')).toBe(end === 'silence' ? 1 : 2);
        await through.close(null);
        await proxy.close();
    });
});

it('a server that was restarted between reading and writing is not written to by the old CAS', async () => {
    const dying = await MemcachedProcess.start();
    const one = await open({ prefix: '', retry: 30 }, dying);
    await one.store(null, 'key', 'old', 5000);
    const seen: unknown[] = [];
    const answer = await one.update<string>(null, 'key', async value => {
        seen.push(value);
        if (seen.length === 1) {
            const cas = await casOf(dying, 'key');
            await dying.restart();
            // As many writes as it takes to come to the CAS that was read.
            while ((await casOf(dying, 'key')) < cas) await writeItem(dying, 'key', '"foreign"');
        }
        return `${value} and more`;
    });
    expect(seen).toEqual(['old', 'foreign']);
    expect(answer).toBe('foreign and more');
    await one.close(null);
    await dying.end();
});

async function casOf(at: MemcachedProcess, key: string): Promise<bigint> {
    const client = new MemcachedClient([at]);
    await client.open();
    const { cas } = await client.gets(key);
    await client.close();
    return cas;
}

describe('close', () => {
    it('ends what waits for its turn, for its change, or between two tries', async () => {
        await cache.store(null, 'held', 1, 5000);
        const stuck = [
            cache.update(null, 'held', () => new Promise<never>(() => {})),
            cache.update(null, 'held', () => 2),
            cache.append(null, 'held', 'x'),
        ];
        const other = await open();
        let tries = 0;
        const racing = cache.update<number>(null, 'raced', async () => {
            tries++;
            await other.store(null, 'raced', tries, 5000);
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

    it('in the middle of updates: what is answered is done, and nothing else', async () => {
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

it('a server that dies in the middle of updates: each that was answered was done', async () => {
    const dying = await MemcachedProcess.start();
    const one = await open({ prefix: '', retry: 30, request_timeout: 500 }, dying);
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
    const pause = (ms: number) => sleep(ms);
    for (let i = 0; i < 3; i++) {
        await sleep(100);
        await dying.stop();
        await sleep(100);
        dying.continue();
        await sleep(100);
        await dying.restart();
        done = [];
        await sleep(200);
        // No number is answered twice.
        expect(new Set(done).size).toBe(done.length);
    }
    isOver = true;
    await working;
    for (const code of codes) expect(code).toMatch(/^(CONNECTION_LOST|TIMEOUT|SERVER_DOWN)$/);
    await one.close(null);
    await dying.end();
});
