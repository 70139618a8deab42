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

describe('values that are kept', () => {
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
    ])('%s', async (_, value) => {
        expect(await thereAndBack(value)).toStrictEqual(value);
        expect((await readItem(server, 'value'))!.flags).toBe(0);
    });

    it('a key called __proto__ changes no prototype', async () => {
        const back = (await thereAndBack(protoKey)) as object;
        expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
        expect(Object.keys(back)).toEqual(['__proto__', 'constructor']);
        expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    });

    it('a date, as the text that JSON makes of it', async () => {
        expect(await thereAndBack(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
    });

    it('what toJSON says, without what JSON leaves out', async () => {
        expect(await thereAndBack({ secret: 1, toJSON: () => ({ open: 2, not: undefined }) })).toEqual({ open: 2 });
    });

    it.each([
        ['a Buffer', Buffer.from([0, 255, 128, 10])],
        ['an empty Buffer', Buffer.alloc(0)],
        ['a Uint8Array', new Uint8Array([1, 2, 250])],
        ['a part of a larger one', new Uint8Array(100).fill(7).subarray(10, 20)],
    ])('%s, as bytes under a flag of ours', async (_, value) => {
        const back = await thereAndBack(value);
        expect(Buffer.isBuffer(back)).toBe(true);
        expect(Buffer.compare(back as Buffer, value)).toBe(0);
        expect((await readItem(server, 'value'))!.flags).toBe(BYTES_FLAG);
    });

    it('bytes that nothing changes later', async () => {
        const early = (await thereAndBack(Buffer.from('early'))) as Buffer;
        for (let i = 0; i < 50; i++) await thereAndBack(Buffer.alloc(1000, 'later'));
        expect(String(early)).toBe('early');
    });

    it('a value of nearly 1 MiB, as text and as bytes', async () => {
        const text = 'x'.repeat(MiB - 200);
        expect(await thereAndBack(text)).toBe(text);
        const bytes = Buffer.alloc(MiB - 200, 'y');
        expect(bytes.equals((await thereAndBack(bytes)) as Buffer)).toBe(true);
    });

    it('are what was stored, whatever the object becomes later', async () => {
        const value = { n: 1 };
        const storing = cache.store(null, 'value', value, 50_000);
        value.n = 2;
        await storing;
        expect(await cache.retrieve(null, 'value')).toEqual({ n: 1 });
    });
});

describe('values that JSON cannot carry', () => {
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
        ['a date that is none', new Date(NaN)],
        ['a toJSON that answers nothing', { toJSON: () => undefined }],
        ['a toJSON that throws an error', throwing(new Error('boom'))],
        ['a toJSON that throws a text', throwing('boom')],
        ['a toJSON that throws null', throwing(null)],
        ['a toJSON that throws something strange', throwing(Object.create(null))],
    ])('are refused, and the old one stays: %s', async (_, value) => {
        await thereAndBack('old');
        await expect(cache.store('trace', 'value', value, 50_000)).rejects.toMatchObject({
            code: 'NOT_SERIALIZABLE',
            status: 400,
            trace_id: 'trace',
        });
        expect(await cache.retrieve(null, 'value')).toBe('old');
    });
});

describe('values that are too large', () => {
    it('are refused with both numbers, and the old one stays', async () => {
        await thereAndBack('old');
        await expect(cache.store(null, 'value', 'x'.repeat(MiB), 50_000)).rejects.toMatchObject({
            code: 'VALUE_TOO_LARGE',
            message: `value is ${MiB + 2} bytes, the limit is ${MiB}`,
        });
        expect(await codeOf(cache.store(null, 'value', Buffer.alloc(MiB + 1), 50_000))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(cache.store(null, 'value', 'é'.repeat(MiB / 2), 50_000))).toBe('VALUE_TOO_LARGE');
        expect(await cache.retrieve(null, 'value')).toBe('old');
    });

    it('for the server alone are refused by it, and are no miss', async () => {
        await expect(cache.store(null, 'value', Buffer.alloc(MiB), 50_000)).rejects.toMatchObject({
            code: 'VALUE_TOO_LARGE',
            details: { server: server.address },
        });
    });
});

describe('values of other clients', () => {
    it.each([
        ['JSON text', '{"a":[1,"žluťoučký"]}', 0, { a: [1, 'žluťoučký'] }],
        ['JSON with spaces', ' [1, 2]\n', 0, [1, 2]],
    ])('are read: %s', async (_, text, flags, value) => {
        await writeItem(server, 'theirs', text, flags);
        expect(await cache.retrieve(null, 'theirs')).toEqual(value);
        expect(logger.lines).toEqual([]);
    });

    it('can read ours', async () => {
        await cache.store(null, 'ours', { text: 'kůň' }, 50_000);
        expect(await readItem(server, 'ours')).toMatchObject({ value: '{"text":"kůň"}', flags: 0 });
    });

    it.each([
        ['a text that is no JSON', 'plain text', 0],
        ['nothing at all', '', 0],
        ['half of a JSON text', '{"a":', 0],
        ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x00]), 0],
        ['something compressed, under a flag', Buffer.from([0x1f, 0x8b, 0x08, 0x00]), 2],
        ['nothing under a flag', '', 7],
    ])('that do not decode are a miss: %s', async (_, bytes, flags) => {
        await writeItem(server, 'theirs', bytes, flags);
        expect(await cache.retrieve(null, 'theirs')).toBeNull();
        await cache.store(null, 'theirs', 'ours now', 50_000);
        expect(await cache.retrieve(null, 'theirs')).toBe('ours now');
    });

    it('that do not decode are logged once, without the value', async () => {
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
