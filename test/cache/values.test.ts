import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { readItem, writeItem } from '../support/server/textProtocol';

const MiB = 1024 * 1024;
const BYTES_FLAG = 0x50530001;

const server = useServer();
const open = useOpener();
const { logger } = open;
let cache: MemcachedCache;

beforeEach(async () => {
    cache = await open.cache(server);
});

async function thereAndBack(value: unknown): Promise<unknown> {
    expect(await cache.store(null, 'value', value, 50_000)).toBe(value);
    return cache.retrieve(null, 'value');
}

describe('a stored value', () => {
    const protoKey: unknown = JSON.parse('{"__proto__":{"isAdmin":true},"constructor":1}');

    it.each([
        ['an empty text', ''],
        ['0', 0],
        ['-1.5e300', -1.5e300],
        ['false', false],
        ['true', true],
        ['an empty array', []],
        ['an empty object', {}],
        ['nested', { a: [{ b: { c: [1, null, 'x'] } }], d: null }],
        ['unicode', 'žluťoučký kůň 🐎  \0'],
        ['half a pair of surrogates', '\ud800'],
        ['a text that is JSON itself', '{"a":1}'],
        ['the text null', 'null'],
        ['a key called __proto__', protoKey],
    ])('is restored unchanged: %s', async (_, value) => {
        expect(await thereAndBack(value)).toStrictEqual(value);
        expect((await readItem(server, 'value'))!.flags).toBe(0);
    });

    it('changes no prototype with a key called __proto__', async () => {
        const back = (await thereAndBack(protoKey)) as object;
        expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
        expect(Object.keys(back)).toEqual(['__proto__', 'constructor']);
        expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    });

    it('becomes text if it is a date', async () => {
        expect(await thereAndBack(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    });

    it('consists of the result of toJSON, without the parts that JSON omits', async () => {
        expect(await thereAndBack({ secret: 1, toJSON: () => ({ open: 2, not: undefined }) })).toEqual({ open: 2 });
    });

    it.each([
        ['a Buffer', Buffer.from([0, 255, 128, 10])],
        ['an empty Buffer', Buffer.alloc(0)],
        ['a Uint8Array', new Uint8Array([1, 2, 250])],
        ['a slice of a larger array', new Uint8Array(100).fill(7).subarray(10, 20)],
    ])('is restored as bytes with a flag of this package: %s', async (_, value) => {
        const back = await thereAndBack(value);
        expect(Buffer.isBuffer(back)).toBe(true);
        expect(Buffer.compare(back as Buffer, value)).toBe(0);
        expect((await readItem(server, 'value'))!.flags).toBe(BYTES_FLAG);
    });

    it('consists of bytes that later replies do not overwrite', async () => {
        const early = (await thereAndBack(Buffer.from('early'))) as Buffer;
        for (let i = 0; i < 50; i++) await thereAndBack(Buffer.alloc(1000, 'later'));
        expect(String(early)).toBe('early');
    });

    it('is restored when it has nearly 1 MiB, as text or as bytes', async () => {
        const text = 'x'.repeat(MiB - 200);
        expect(await thereAndBack(text)).toBe(text);
        const bytes = Buffer.alloc(MiB - 200, 'y');
        expect(bytes.equals((await thereAndBack(bytes)) as Buffer)).toBe(true);
    });

    it('does not reflect later changes of the object', async () => {
        const value = { n: 1 };
        const storing = cache.store(null, 'value', value, 50_000);
        value.n = 2;
        await storing;
        expect(await cache.retrieve(null, 'value')).toEqual({ n: 1 });
    });
});

describe('a value that JSON cannot represent', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const throwing = (what: unknown) => ({
        toJSON() {
            throw what;
        },
    });

    it.each([
        ['a bigint', 5n],
        ['a bigint inside', { n: 5n }],
        ['a cycle', cycle],
        ['a function', () => 1],
        ['a symbol', Symbol('s')],
        ['NaN', NaN],
        ['Infinity', -Infinity],
        ['an invalid date', new Date(NaN)],
        ['a toJSON that returns undefined', { toJSON: () => undefined }],
        ['a toJSON that throws an error', throwing(new Error('boom'))],
        ['a toJSON that throws a text', throwing('boom')],
        ['a toJSON that throws null', throwing(null)],
        ['a toJSON that throws an object without a prototype', throwing(Object.create(null))],
    ])('is rejected and leaves the old value: %s', async (_, value) => {
        await thereAndBack('old');
        await expect(cache.store('trace', 'value', value, 50_000)).rejects.toMatchObject({
            code: 'NOT_SERIALIZABLE',
            status: 400,
            trace_id: 'trace',
        });
        expect(await cache.retrieve(null, 'value')).toBe('old');
    });
});

describe('a value that is too large', () => {
    it('is rejected with its size and the limit, and leaves the old value', async () => {
        await thereAndBack('old');
        await expect(cache.store(null, 'value', 'x'.repeat(MiB), 50_000)).rejects.toMatchObject({
            code: 'VALUE_TOO_LARGE',
            message: `value too large: ${MiB + 2} bytes, expected at most ${MiB}`,
        });
        expect(await codeOf(cache.store(null, 'value', Buffer.alloc(MiB + 1), 50_000))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(cache.store(null, 'value', 'é'.repeat(MiB / 2), 50_000))).toBe('VALUE_TOO_LARGE');
        expect(await cache.retrieve(null, 'value')).toBe('old');
    });

    it('is rejected by a server with a lower limit, and is not a miss', async () => {
        await expect(cache.store(null, 'value', Buffer.alloc(MiB), 50_000)).rejects.toMatchObject({
            code: 'VALUE_TOO_LARGE',
            details: { server: server.address },
        });
    });
});

describe('a value shared with other clients', () => {
    it.each([
        ['JSON text', '{"a":[1,"žluťoučký"]}', 0, { a: [1, 'žluťoučký'] }],
        ['JSON with spaces', ' [1, 2]\n', 0, [1, 2]],
    ])('is readable when another client has stored it: %s', async (_, text, flags, value) => {
        await writeItem(server, 'theirs', text, flags);
        expect(await cache.retrieve(null, 'theirs')).toEqual(value);
        expect(logger.lines).toEqual([]);
    });

    it('is stored as JSON that other clients can read', async () => {
        await cache.store(null, 'ours', { text: 'kůň' }, 50_000);
        expect(await readItem(server, 'ours')).toMatchObject({ value: '{"text":"kůň"}', flags: 0 });
    });

    it.each([
        ['a text that is not JSON', 'plain text', 0],
        ['no bytes', '', 0],
        ['half of a JSON text', '{"a":', 0],
        ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe, 0x00]), 0],
        ['compressed bytes with a flag', Buffer.from([0x1f, 0x8b, 0x08, 0x00]), 2],
        ['no bytes with a flag', '', 7],
    ])('counts as a miss when it is %s', async (_, bytes, flags) => {
        await writeItem(server, 'theirs', bytes, flags);
        expect(await cache.retrieve(null, 'theirs')).toBeNull();
        await cache.store(null, 'theirs', 'ours now', 50_000);
        expect(await cache.retrieve(null, 'theirs')).toBe('ours now');
    });

    it('is logged once, without its content, when it does not decode', async () => {
        await writeItem(server, 'theirs', 'TOP-SECRET');
        for (let i = 0; i < 3; i++) expect(await cache.retrieve('trace', 'theirs')).toBeNull();
        expect(await cache.remove('trace', 'theirs')).toBeNull();
        expect(logger.lines).toEqual([
            expect.stringMatching(/^warn a value with flags 0 counts as a miss: expected JSON/),
        ]);
        expect(logger.contexts).toEqual(['trace']);
        expect(logger.lines.join()).not.toContain('SECRET');
    });
});
