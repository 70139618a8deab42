import type { MemcachedClient } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { readItem } from '../support/server/textProtocol';

const open = useOpener();
const server = useServer();
let client: MemcachedClient;

beforeEach(async () => {
    client = await open.client(server);
});

type Verb = (...args: unknown[]) => Promise<unknown>;
const verbOf = (name: string): Verb => (client as unknown as Record<string, Verb>)[name]!.bind(client);
const ttlOf = async (key: string): Promise<number | undefined> => (await readItem(server, key))?.ttl;

const throwing = {
    get expires(): number {
        throw new Error('getter');
    },
};

/** Options that would be taken for absent, so that the value would stay forever. */
const notOptions: [string, unknown][] = [
    ['60', 60],
    ['0', 0],
    ["'60'", '60'],
    ['60n', 60n],
    ['true', true],
    ['a symbol', Symbol('60')],
    ['[60]', [60]],
    ['a Map', new Map([['expires', 60]])],
    ['a promise', Promise.resolve({ expires: 60 })],
    ['{ expiry: 60 }', { expiry: 60 }],
    ['{ ttl: 60 }', { ttl: 60 }],
    ['{ Expires: 60 }', { Expires: 60 }],
    ['a getter that throws', throwing],
];

/** The arguments before the options. */
const verbs: Record<string, (key: string) => unknown[]> = {
    set: key => [key, 'value'],
    add: key => [key, 'value'],
    replace: key => [key, 'value'],
    increment: key => [key, 1],
    decrement: key => [key, 1],
    casAdd: key => [key, 'value'],
    casSet: key => [key, 'value', 1n],
    casDelete: key => [key, 1n],
    setMany: key => [[[key, 'value']]],
};
const withCallback = ['set', 'add', 'replace', 'increment', 'decrement'];

describe.each(Object.keys(verbs))('%s', verb => {
    it.each(notOptions)('rejects %s in the place of its options', async (_, options) => {
        expect(await codeOf(verbOf(verb)(...verbs[verb]!(open.key), options))).toBe('INVALID_OPTION');
        expect(await readItem(server, open.key)).toBeNull();
    });
});

describe.each(withCallback)('%s with a callback', verb => {
    it.each(notOptions)('calls back with the error of %s in the place of its options', async (_, options) => {
        const calledBack = (...after: unknown[]): Promise<unknown[]> =>
            new Promise(resolve => {
                const callback = (...results: unknown[]): void => resolve(results);
                const args = after.map(one => (one === 'callback' ? callback : one));
                expect(verbOf(verb)(...verbs[verb]!(open.key), ...args)).toBeUndefined();
            });
        const refused = expect.objectContaining({ code: 'INVALID_OPTION' }) as unknown;
        expect((await calledBack(options, 'callback'))[0]).toEqual(refused);
        // After the callback, a number is an expiry in the old form of a store.
        const isOldForm = typeof options === 'number' && !verb.endsWith('crement');
        if (!isOldForm) expect((await calledBack('callback', options))[0]).toEqual(refused);
        expect(await readItem(server, open.key)).toBeNull();
    });

    it('rejects a callback that is no function', async () => {
        for (const callback of [60, '60', {}, true]) {
            expect(await codeOf(verbOf(verb)(...verbs[verb]!(open.key), {}, callback))).toBe('INVALID_FUNCTION');
        }
        expect(await readItem(server, open.key)).toBeNull();
    });
});

it('names the unknown option and those that the call has', async () => {
    await expect(client.set('key', 'value', { ttl: 60 } as object)).rejects.toThrow(
        'invalid call option ttl: expected expires or flags',
    );
    await expect(client.set('key', 'value', 60 as never)).rejects.toThrow(
        'invalid call options 60: expected a plain object { expires, flags }',
    );
    await expect(client.casSet('key', 'value', 1n, { cas: 1n } as object)).rejects.toThrow(
        'invalid call option cas: expected expires or flags or epoch',
    );
    await expect(client.increment('key', 1, { ttl: 60 } as object)).rejects.toThrow(
        'invalid call option ttl: expected expires or initial',
    );
});

it('reads each option once, so that the checked value is the one in use', async () => {
    let reads = 0;
    const options = {
        get expires(): number {
            return ++reads === 1 ? 60 : 0;
        },
    };
    await client.set(open.key, 'value', options);
    expect(reads).toBe(1);
    expect(await ttlOf(open.key)).toBeGreaterThan(50);
});

it('rejects with the error of a getter as the cause, whatever it throws', async () => {
    for (const thrown of [new Error('fault'), 5, null]) {
        const options = {
            get expires(): number {
                throw thrown as Error;
            },
        };
        const error = thrown instanceof Error ? { code: 'INVALID_OPTION', cause: 'fault' } : { code: 'INVALID_OPTION' };
        await expect(client.set('key', 'value', options)).rejects.toMatchObject(error);
    }
});

it.each(['set', 'add', 'replace'] as const)(
    'keeps the old form of %s with an expiry after the callback',
    async verb => {
        if (verb === 'replace') await client.set(open.key, 'value');
        await new Promise<void>(resolve => client[verb](open.key, 'value', () => resolve(), 60));
        expect(await ttlOf(open.key)).toBeGreaterThan(50);
        expect(await ttlOf(open.key)).toBeLessThanOrEqual(60);
    },
);

it('takes null, undefined and undefined options for absent', async () => {
    for (const options of [null, undefined, {}, { expires: undefined, flags: undefined, ttl: undefined }]) {
        for (const verb of ['set', 'setMany', 'casAdd']) {
            await client.delete(open.key);
            await verbOf(verb)(...verbs[verb]!(open.key), options);
            expect(await ttlOf(open.key)).toBe(-1);
        }
    }
});

it('rejects odd options of open', async () => {
    const other = open.clientOf(server);
    for (const options of [true, 5, [], { mayBeAway: true }]) {
        expect(await codeOf(other.open(options as never))).toBe('INVALID_OPTION');
    }
    await other.open({ allowUnavailable: undefined });
    expect(other.isOpen()).toBe(true);
});

describe('with a default expiry', () => {
    const fresh = async (act: (key: string) => unknown, key = open.key): Promise<number | undefined> => {
        await client.delete(key);
        await act(key);
        return ttlOf(key);
    };
    const isDefault = (ttl: number | undefined): boolean => ttl !== undefined && ttl > 590 && ttl <= 600;

    beforeEach(async () => {
        client = await open.client(server, { expires: 600 });
    });

    it('applies it to every verb that stores', async () => {
        const ttls = {
            set: await fresh(key => client.set(key, 'value')),
            add: await fresh(key => client.add(key, 'value')),
            increment: await fresh(key => client.increment(key, 1)),
            decrement: await fresh(key => client.decrement(key, 1)),
            casAdd: await fresh(key => client.casAdd(key, 'value')),
            setMany: await fresh(key => client.setMany([[key, 'value']])),
            flags: await fresh(key => client.set(key, 'value', { flags: 1 })),
            undefinedExpiry: await fresh(key => client.set(key, 'value', { expires: undefined })),
            callback: await fresh(key => new Promise<void>(done => client.set(key, 'value', () => done()))),
        };
        expect(Object.entries(ttls).filter(([, ttl]) => !isDefault(ttl))).toEqual([]);
    });

    it('applies it to the verbs that change an item', async () => {
        const forever = (key: string): Promise<boolean> => client.set(key, 'value', { expires: 0 });
        const ttls = {
            replace: await fresh(async key => [await forever(key), await client.replace(key, 'value')]),
            casSet: await fresh(async key => {
                await forever(key);
                return client.casSet(key, 'value', (await client.gets(key)).cas);
            }),
            touch: await fresh(async key => [await forever(key), await client.touch(key)]),
            getAndTouch: await fresh(async key => [await forever(key), await client.getAndTouch(key)]),
        };
        expect(Object.entries(ttls).filter(([, ttl]) => !isDefault(ttl))).toEqual([]);
    });

    it('prefers the expiry of the call, where 0 is never', async () => {
        expect(await fresh(key => client.set(key, 'value', { expires: 0 }))).toBe(-1);
        expect(await fresh(key => client.setMany([[key, 'value']], { expires: 5 }))).toBeLessThanOrEqual(5);
        expect(await fresh(key => client.increment(key, 1, { expires: 5 }))).toBeLessThanOrEqual(5);
    });

    it('leaves the expiry of an item to append and prepend', async () => {
        await client.set(open.key, 'value', { expires: 0 });
        await client.append(open.key, 'value');
        await client.prepend(open.key, 'value');
        expect(await ttlOf(open.key)).toBe(-1);
    });
});

it('rejects a touch without an expiry if the client has no default', async () => {
    await client.set(open.key, 'value', { expires: 60 });
    expect(await codeOf(client.touch(open.key))).toBe('INVALID_TTL');
    expect(await codeOf(client.getAndTouch(open.key))).toBe('INVALID_TTL');
    expect(await ttlOf(open.key)).toBeGreaterThan(50);
});
