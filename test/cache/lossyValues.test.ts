import { runInNewContext } from 'node:vm';
import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { readItem } from '../support/server/textProtocol';

const BYTES_FLAG = 0x50530001;

const server = useServer();
const open = useOpener();
let cache: MemcachedCache;

beforeEach(async () => {
    cache = await open.cache(server);
});

/** A promise of a library, with own properties and a toJSON. */
class Deferred {
    readonly state = 'pending';
    then(): void {}
    toJSON(): unknown {
        return { state: this.state };
    }
}

class Empty {
    readonly #secret = 1;
    get secret(): number {
        return this.#secret;
    }
}

const lossy: [string, unknown, RegExp][] = [
    ['a promise', Promise.resolve(1), /expected a value, not a promise \(is an await missing\?\)$/],
    ['a promise of another realm', runInNewContext('Promise.resolve(1)'), /\(is an await missing\?\)$/],
    ['a thenable of a library', new Deferred(), /\(is an await missing\?\)$/],
    ['a plain object that is a promise', { then: (done: () => void) => done() }, /\(is an await missing\?\)$/],
    ['a Map', new Map([['a', 1]]), /JSON keeps nothing of a Map$/],
    ['a Map of another realm', runInNewContext('new Map([[1, 2]])'), /JSON keeps nothing of a Map$/],
    ['a Set', new Set([1]), /JSON keeps nothing of a Set$/],
    ['a WeakMap', new WeakMap(), /JSON keeps nothing of a WeakMap$/],
    ['an ArrayBuffer', new ArrayBuffer(2), /JSON keeps nothing of a ArrayBuffer$/],
    ['a SharedArrayBuffer', new SharedArrayBuffer(2), /JSON keeps nothing of a SharedArrayBuffer$/],
    ['a DataView', new DataView(new ArrayBuffer(2)), /expected a Buffer or Uint8Array, not a DataView$/],
    ['a Float32Array', new Float32Array([1.5]), /expected a Buffer or .*, not a Float32Array$/],
    ['an empty Uint16Array', new Uint16Array(), /expected a Buffer or .*, not a Uint16Array$/],
    ['an Error', new Error('boom'), /JSON keeps nothing of a Error$/],
    ['a RegExp', /x/, /JSON keeps nothing of a RegExp$/],
    ['a Blob', new Blob(['x']), /JSON keeps nothing of a Blob$/],
    ['Headers', new Headers({ a: 'b' }), /JSON keeps nothing of a Headers$/],
    ['a generator', [].values(), /JSON keeps nothing of a Array Iterator$/],
];

it.each(lossy)('rejects %s, and keeps the old value', async (_, value, message) => {
    await cache.store(null, 'key', 'old', 50_000);
    await expect(cache.store('trace', 'key', value, 50_000)).rejects.toMatchObject({
        code: 'NOT_SERIALIZABLE',
        trace_id: 'trace',
        message: expect.stringMatching(message),
    });
    expect(await cache.retrieve(null, 'key')).toBe('old');
});

it('rejects a lossy value in every command that stores', async () => {
    const value = new Set([1]);
    const storing = [
        cache.storeMany(null, { [open.key]: value }),
        cache.add(null, open.key, value),
        cache.replace(null, open.key, value),
        cache.update(null, open.key, () => value),
    ];
    for (const one of storing) expect(await codeOf(one)).toBe('NOT_SERIALIZABLE');
    expect(await cache.contains(null, open.key)).toBe(false);
});

it('returns a loaded lossy value to its callers, and logs the failed store', async () => {
    const value = new Map([['a', 1]]);
    expect(await cache.retrieveOrLoad(null, open.key, 50_000, () => value)).toBe(value);
    await open.logger.heard(/cannot store the loaded value/);
    expect(open.logger.warnings).toEqual([expect.stringMatching(/JSON keeps nothing of a Map/)]);
    expect(cache.getStats()).toMatchObject({ stored: 0, storeFailures: 1 });
});

it.each([
    ['an instance with properties', Object.assign(new Empty(), { a: 1 }), { a: 1 }],
    ['an instance without properties', new Empty(), {}],
    ['an Error with properties', Object.assign(new Error('boom'), { code: 'E' }), { code: 'E' }],
    ['a Map with a toJSON', Object.assign(new Map(), { toJSON: () => ({}) }), {}],
    ['a URL', new URL('http://a/b'), 'http://a/b'],
    ['an object of another realm', runInNewContext('({ a: [1] })'), { a: [1] }],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['an array of a class', new (class extends Array<number> {})(2, 3), [2, 3]],
    ['a text in an object', Object('text'), 'text'],
    ['a property called then', { then: 5 }, { then: 5 }],
])('stores %s', async (_, value, back) => {
    await cache.store(null, 'key', value, 50_000);
    expect(await cache.retrieve(null, 'key')).toEqual(back);
});

it('rejects an inaccessible object with NOT_SERIALIZABLE', async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(await codeOf(cache.storeMany(null, { key: proxy }))).toBe('NOT_SERIALIZABLE');
});

describe('a Uint8Array of another realm', () => {
    const bytes = runInNewContext('new Uint8Array([1, 0, 255]).subarray(1)') as Uint8Array;

    it.each([
        ['plain', {}],
        ['compressed', { compress_min: 1 }],
    ])('is restored as bytes, %s', async (_, settings) => {
        cache = await open.cache(server, settings);
        await cache.store(null, 'key', bytes, 50_000);
        expect(await cache.retrieve(null, 'key')).toEqual(Buffer.from([0, 255]));
        expect((await readItem(server, 'key'))!.flags).toBe(BYTES_FLAG);
    });

    it('is accepted by the client, small or large', async () => {
        const client = await open.client(server);
        const large = runInNewContext('new Uint8Array(100_000).fill(7)') as Uint8Array;
        for (const value of [bytes, large]) {
            expect(await client.set('key', value)).toBe(true);
            expect((await client.get('key')).value).toEqual(Buffer.from(value));
        }
    });
});
