import { KeyvMemcached } from 'pip-services4-memcached-node/keyv';
import { sleep } from '../../support/sleep';
import { useOpener, useServer } from '../../support/Opener';
import { VERSIONS, type Keyv } from './keyvs';

const server = useServer();
const open = useOpener();

function storeOf(options: { [name: string]: number } = {}): KeyvMemcached {
    const store = new KeyvMemcached({ uri: `memcached://${server.address}`, namespace: open.key, options });
    open.atEnd(() => store.disconnect());
    return store;
}

describe.each(VERSIONS)('%s', (version, KeyvOfVersion, withoutSerializer) => {
    /** Creates a Keyv and the list of the codes of its events `error`. */
    function keyvOf(store = storeOf(), options: object = {}): { keyv: Keyv; errors: unknown[] } {
        const keyv = new KeyvOfVersion({ store, ...options });
        const errors: unknown[] = [];
        keyv.on('error', ({ code }) => errors.push(code));
        return { keyv, errors };
    }

    it('never rejects while memcached is down, emits one error for each call, and recovers', async () => {
        const { keyv, errors } = keyvOf(storeOf({ failures: 1, retry: 50 }));
        await keyv.set('key', 'value');
        await server.kill();
        await keyv.get('key');
        const calls: [string, () => Promise<unknown>, unknown][] = [
            ['get', () => keyv.get('key'), undefined],
            ['getMany', () => keyv.getMany(['key', 'other']), [undefined, undefined]],
            ['has', () => keyv.has('key'), false],
            ['hasMany', () => keyv.hasMany(['key', 'other']), [false, false]],
            ['set', () => keyv.set('key', 'value'), false],
            ['setMany', () => keyv.setMany([{ key: 'key', value: 'value' }]), [false]],
            ['delete', () => keyv.delete('key'), false],
            ['deleteMany', () => keyv.deleteMany(['key']), version === 'Keyv 5' ? false : [false]],
            ['clear', () => keyv.clear(), undefined],
        ];
        const seen: [string, unknown, number][] = [];
        for (const [verb, call] of calls) {
            errors.length = 0;
            seen.push([verb, await call(), errors.length]);
        }
        expect(seen).toEqual(calls.map(([verb, , answer]) => [verb, answer, 1]));
        await server.restart();
        while (!(await keyv.set('key', 'value'))) await sleep(20);
        expect(await keyv.get('key')).toBe('value');
    });

    it('stays alive while memcached is killed and restarted under load', async () => {
        const { keyv, errors } = keyvOf(storeOf({ failures: 1, retry: 50 }));
        let isDone = false;
        const loops = Array.from({ length: 20 }, async (_, i) => {
            for (; !isDone; await sleep(1)) {
                const value = await keyv.get(`key${i}`);
                if (value !== undefined) expect(value).toBe(i);
                await keyv.set(`key${i}`, i, 60_000);
            }
        });
        for (let i = 0; i < 3; i++) {
            await sleep(100);
            await server.kill();
            await sleep(100);
            await server.restart();
        }
        while (!(await keyv.set('key0', 0))) await sleep(20);
        isDone = true;
        await Promise.all(loops);
        expect(errors.length).toBeGreaterThan(0);
    });

    it.each([
        ['with its serializer', {}],
        ['without a serializer', withoutSerializer],
    ])('%s keeps values until their ttl, and no longer', async (_, options) => {
        const { keyv, errors } = keyvOf(storeOf(), options);
        const start = Date.now();
        await Promise.all([keyv.set('short', 1, 1), keyv.set('second', { n: 1 }, 1000), keyv.set('ever', null)]);
        let lastSeen = start;
        for (;;) {
            const asked = Date.now();
            if ((await keyv.get('second')) === undefined) break;
            lastSeen = asked;
            await sleep(5);
        }
        // The value expires within the ttl and the time that the loop was late.
        expect(Date.now() - start).toBeGreaterThan(1000);
        expect(lastSeen - start).toBeLessThanOrEqual(1500);
        expect([await keyv.get('short'), await keyv.has('short'), await keyv.has('second')]).toEqual([
            undefined,
            false,
            false,
        ]);
        expect(await keyv.get('ever')).toBeNull();
        expect(errors).toEqual([]);
    });

    it('returns the values of its serializer', async () => {
        const { keyv } = keyvOf();
        const values: unknown[] = [null, 0, '', false, 'ü', [1, { a: null }], Buffer.from([0xff, 0, 1])];
        // The serializer of Keyv 5 does not know bigints.
        if (version === 'Keyv 6') values.push(2n ** 64n, { b: 1n });
        await keyv.setMany(values.map((value, i) => ({ key: `key${i}`, value })));
        expect(await keyv.getMany(values.map((_, i) => `key${i}`))).toEqual(values);
        const date = new Date(0);
        await keyv.setMany([
            { key: 'date', value: date },
            { key: 'undefined', value: undefined },
        ]);
        expect(await keyv.get('date')).toBe(date.toJSON());
        expect(await keyv.get('undefined')).toBeUndefined();
    });

    it('reports a value that JSON does not have, if the serializer is off', async () => {
        const { keyv, errors } = keyvOf(storeOf(), withoutSerializer);
        expect(await keyv.set('key', 1n)).toBe(false);
        expect(errors).toEqual(['NOT_SERIALIZABLE']);
        await keyv.set('key', { list: [1, null] });
        expect(await keyv.get('key')).toEqual({ list: [1, null] });
    });

    it('clears its namespace alone', async () => {
        const [users, sessions] = ['users', 'sessions'].map(namespace => keyvOf(storeOf(), { namespace }).keyv);
        await Promise.all([users!.set('key', 1), sessions!.set('key', 2)]);
        await users!.clear();
        expect([await users!.get('key'), await sessions!.get('key')]).toEqual([undefined, 2]);
    });

    it('lets the last Keyv on a store choose the namespace', async () => {
        const store = storeOf();
        const [first, last] = ['first', 'last'].map(namespace => keyvOf(store, { namespace }).keyv);
        await first!.set('key', 'of the first');
        await last!.set('key', 'of the last');
        // Keyv 5 itself puts the namespace before the key. Keyv 6 leaves it to the store.
        expect(await first!.get('key')).toBe(version === 'Keyv 5' ? 'of the first' : 'of the last');
        await first!.clear();
        expect(await last!.get('key')).toBeUndefined();
    });
});

it('Keyv 6 rejects if nothing listens to its errors', async () => {
    const [, Keyv6] = VERSIONS[1]!;
    const keyv = new Keyv6({ store: storeOf() });
    await server.kill();
    await expect(keyv.get('key')).rejects.toMatchObject({ code: expect.any(String) });
    await server.restart();
});
