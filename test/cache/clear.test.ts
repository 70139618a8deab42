import { codeOf } from '../support/codeOf';
import { useServer } from '../support/Opener';
import { readItem } from '../support/server/textProtocol';
import { configOf } from '../support/settings';
import { untilHeard, useTenants } from './Tenant';

const server = useServer();
const itAlongside = useTenants(server);

describe('clear', () => {
    itAlongside(
        'puts everything under its prefix out of reach, and leaves 10,000 keys of another prefix',
        async ({ open, prefix }) => {
            const [one, other] = [await open(), await open({ prefix: `${prefix}other:` })];
            const entries = new Map(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, i] as const));
            await one.storeMany(null, entries);
            await other.storeMany(null, entries);
            expect(await one.clear(null)).toBeUndefined();
            expect((await one.retrieveMany(null, entries.keys())).size).toBe(0);
            expect(await one.retrieve(null, 'key1')).toBeNull();
            expect(await one.contains(null, 'key1')).toBe(false);
            expect(await one.touch(null, 'key1')).toBe(false);
            expect(await one.replace(null, 'key1', 1)).toBe(false);
            expect(await one.increment(null, 'key1')).toBeNull();
            expect(await one.append(null, 'key1', 'x')).toBe(false);
            expect(await one.retrieveAndTouch(null, 'key1')).toBeNull();
            expect(await one.remove(null, 'key1')).toBeNull();
            expect(await one.add(null, 'key1', 'new')).toBe(true);
            expect(await one.retrieve(null, 'key1')).toBe('new');
            expect(await other.retrieveMany(null, entries.keys())).toEqual(entries);
        },
    );

    itAlongside(
        'reaches other instances after generation_ttl at most, and those opened later at once',
        async ({ open }) => {
            const [one, other] = [await open(), await open()];
            await one.store(null, 'key', 1, 50_000);
            expect(await other.retrieve(null, 'key')).toBe(1);
            await one.clear(null);
            await untilHeard();
            expect(await other.retrieve(null, 'key')).toBeNull();
            await other.store(null, 'key', 2, 50_000);
            expect(await one.retrieve(null, 'key')).toBe(2);
            const third = await open();
            expect(await third.retrieve(null, 'key')).toBe(2);
            await third.clear(null);
            await untilHeard();
            expect([await one.retrieve(null, 'key'), await other.retrieve(null, 'key')]).toEqual([null, null]);
        },
    );

    itAlongside(
        'by several at once, again and again: what was stored before is gone for all of them',
        async ({ open }) => {
            const many = await Promise.all(Array.from({ length: 5 }, () => open()));
            for (let round = 0; round < 3; round++) {
                await Promise.all(many.map((one, i) => one.store(null, `key${i}`, round, 50_000)));
                await Promise.all(many.flatMap(one => [one.clear(null), one.clear(null)]));
                await untilHeard();
                for (const one of many) {
                    expect((await one.retrieveMany(null, ['key0', 'key1', 'key2', 'key3', 'key4'])).size).toBe(0);
                }
                await many[0]!.store(null, 'shared', round, 50_000);
                for (const one of many) expect(await one.retrieve(null, 'shared')).toBe(round);
            }
        },
    );

    itAlongside('makes room: what is out of reach does not count for max_size', async ({ open }) => {
        const one = await open({ max_size: 2 });
        await one.storeMany(null, { a: 1, b: 1 });
        await one.clear(null);
        await one.storeMany(null, { c: 1, d: 1 });
        expect((await one.retrieveMany(null, ['a', 'b', 'c', 'd'])).size).toBe(2);
    });

    itAlongside(
        'without a prefix, without generations, or where keys are too short for them is refused',
        async ({ open }) => {
            for (const options of [{ prefix: '' }, { generation_ttl: 0 }]) {
                const one = await open(options);
                await one.store(null, 'key', 1, 50_000);
                await expect(one.clear('trace')).rejects.toMatchObject({ code: 'NO_PREFIX', trace_id: 'trace' });
                expect(await one.retrieve(null, 'key')).toBe(1);
            }
        },
    );

    itAlongside('in the middle of other calls breaks none of them', async ({ open }) => {
        const one = await open({ compress_min: 100 });
        const long = 'x'.repeat(100_000);
        for (let round = 0; round < 20; round++) {
            const calls = [
                one.store(null, 'plain', round, 50_000),
                one.store(null, 'packed', long, 50_000),
                one.storeMany(null, { a: 1, b: long }),
                one.update<number>(null, 'n', value => (value ?? 0) + 1),
                one.clear(null),
                one.update<number>(null, 'n', value => (value ?? 0) + 1),
                one.retrieveMany(null, ['plain', 'packed', 'a']),
            ];
            await Promise.all(calls);
            await one.clear(null);
            expect((await one.retrieveMany(null, ['plain', 'packed', 'a', 'b', 'n'])).size).toBe(0);
        }
    });
});

describe('keys', () => {
    for (const bytes of [20, 238, 240, 243, 247, 250]) {
        itAlongside(
            `of ${bytes} bytes work before and after a clear, and are not mixed up`,
            async ({ open, prefix }) => {
                const one = await open();
                const make = (last: string, fill = 'k'): string => {
                    const room = bytes - Buffer.byteLength(prefix + last);
                    return (
                        fill.repeat(Math.floor(room / Buffer.byteLength(fill))) +
                        'a'.repeat(room % Buffer.byteLength(fill)) +
                        last
                    );
                };
                const keys = [make('1'), make('2'), make('3', 'č')];
                for (let round = 0; round < 3; round++) {
                    await one.storeMany(null, new Map(keys.map(key => [key, key + round])));
                    for (const key of keys) expect(await one.retrieve(null, key)).toBe(key + round);
                    expect([...(await one.retrieveMany(null, keys)).keys()]).toEqual(keys);
                    await one.clear(null);
                    expect((await one.retrieveMany(null, keys)).size).toBe(0);
                }
                // Not more than that either.
                for (let round = 0; round < 2; round++) {
                    const long = 'k'.repeat(251 - prefix.length);
                    expect(await codeOf(one.retrieve(null, long))).toBe('INVALID_KEY');
                    expect(await codeOf(one.store(null, long, 1))).toBe('INVALID_KEY');
                    expect(await codeOf(one.retrieveMany(null, [long]))).toBe('INVALID_KEY');
                    expect(await codeOf(one.store(null, `${'k'.repeat(240 - prefix.length)} d`, 1))).toBe(
                        'INVALID_KEY',
                    );
                    expect(await codeOf(one.store(null, `${'k'.repeat(240 - prefix.length)}\ud800`, 1))).toBe(
                        'INVALID_KEY',
                    );
                    await one.clear(null);
                }
            },
        );
    }

    itAlongside('with a small max_key_size of its own', async ({ open, prefix }) => {
        const one = await open({ max_key_size: prefix.length + 5 });
        for (let round = 0; round < 2; round++) {
            expect(await codeOf(one.store(null, 'sixsix', 1))).toBe('INVALID_KEY');
            await one.store(null, 'five5', round, 50_000);
            expect(await one.retrieve(null, 'five5')).toBe(round);
            await one.clear(null);
            expect(await one.retrieve(null, 'five5')).toBeNull();
        }
    });

    itAlongside('#generation is taken', async ({ open }) => {
        const one = await open();
        for (let round = 0; round < 2; round++) {
            expect(await codeOf(one.store(null, '#generation', 1))).toBe('INVALID_KEY');
            expect(await codeOf(one.retrieve(null, '#generation'))).toBe('INVALID_KEY');
            expect(await codeOf(one.remove(null, '#generation'))).toBe('INVALID_KEY');
            await one.clear(null);
        }
        const bare = await open({ prefix: '' });
        await bare.store(null, '#generation', 1, 50_000);
        expect(await bare.retrieve(null, '#generation')).toBe(1);
    });

    itAlongside('are as they always were before the first clear', async ({ open, prefix }) => {
        const one = await open();
        await one.store(null, 'key', 1, 50_000);
        expect(await readItem(server, `${prefix}key`)).toMatchObject({ value: '1' });
    });
});

describe('what was asked for before', () => {
    itAlongside(
        'close and another configuration says nothing about the time after it',
        async ({ open, prefix, opener }) => {
            const [first, second] = [await opener.server(), await opener.server()];
            const one = await open({}, first);
            await one.clear(null);
            await one.store(null, 'key', 'first', 50_000);
            const late = codeOf(one.retrieve(null, 'key'));
            await one.close(null);
            await late;
            one.configure(configOf(second, { prefix, generation_ttl: 60_000 }));
            await one.open(null);
            await one.store(null, 'key', 'second', 50_000);
            expect(await readItem(second, `${prefix}key`)).toMatchObject({ value: '"second"' });
        },
    );

    itAlongside('close in the middle of asking is an error, and nothing more', async ({ open, opener }) => {
        const silent = await opener.recordingProxy();
        const one = await open({ fail_soft: true, request_timeout: 200 }, silent);
        const asking = [one.retrieve(null, 'a'), one.retrieveMany(null, ['a']), one.store(null, 'a', 1)];
        await one.close(null);
        expect(await Promise.all(asking.map(codeOf))).toHaveLength(3);
    });
});
