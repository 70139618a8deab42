import { KeyvMemcached } from 'pip-services4-memcached-node/keyv';
import { useOpener, useServer } from '../support/Opener';
import { outcomeOf } from '../support/codeOf';
import { eventually, observe, storeOf } from './useStore';

const server = useServer();
const open = useOpener();

/** The answer of each verb, or the code of its error. */
async function answers(store: KeyvMemcached): Promise<Record<string, unknown>> {
    return {
        get: await store.get('key'),
        getMany: await store.getMany(['key', 'other']),
        has: await store.has('key'),
        hasMany: await store.hasMany(['key']),
        setMany: await store.setMany([{ key: 'key', value: 'new' }]),
        set: await outcomeOf(store.set('key', 'new')),
        delete: await outcomeOf(store.delete('key')),
        deleteMany: await outcomeOf(store.deleteMany(['key'])),
        clear: await outcomeOf(store.clear()),
    };
}

it('reads misses, rejects writes and reports reads while memcached is down, and recovers', async () => {
    const { store, errors } = storeOf(open, server, { options: { failures: 1, retry: 50 } });
    await store.set('key', 'value');
    await server.kill();
    await store.get('key');
    errors.length = 0;
    expect(await answers(store)).toEqual({
        get: undefined,
        getMany: [undefined, undefined],
        has: false,
        hasMany: [false],
        setMany: [false],
        set: 'SERVER_DOWN',
        delete: 'SERVER_DOWN',
        deleteMany: 'SERVER_DOWN',
        clear: 'SERVER_DOWN',
    });
    // Keyv emits the errors of the other four, which reject.
    expect(errors).toEqual(['SERVER_DOWN', 'BATCH_FAILED', 'SERVER_DOWN', 'BATCH_FAILED', 'SERVER_DOWN']);
    await server.restart();
    await eventually(() => store.set('key', 'value'));
    expect(await store.get('key')).toBe('value');
});

it('answers misses without an error when options.fail_soft is set', async () => {
    const { store, errors } = storeOf(open, { port: 1 }, { options: { fail_soft: true } });
    expect(await answers(store)).toMatchObject({
        get: undefined,
        setMany: [true],
        set: 'answered',
    });
    expect(errors).toEqual([]);
});

it('returns the values of the other servers while one is down', async () => {
    const down = await open.server();
    const uri = `memcached://127.0.0.1:${server.port},127.0.0.1:${down.port}`;
    const { store, errors } = storeOf(open, server, { uri, options: { failures: 1 } });
    const keys = Array.from({ length: 100 }, (_, i) => `key${i}`);
    await store.setMany(keys.map(key => ({ key, value: key })));
    await open.kill(down);
    const found = await store.getMany(keys);
    const hits = found.filter(value => value !== undefined);
    expect(hits.length).toBeGreaterThan(10);
    expect(hits.length).toBeLessThan(90);
    expect(found.every((value, i) => value === undefined || value === keys[i])).toBe(true);
    const stored = await store.setMany(keys.map(key => ({ key, value: key })));
    expect(stored).toEqual(found.map(value => value !== undefined));
    expect(errors).toEqual(['BATCH_FAILED', expect.any(String)]);
});

it('needs no listener for the event', async () => {
    const store = new KeyvMemcached('memcached://127.0.0.1:1');
    expect(await store.get('key')).toBeUndefined();
    await store.disconnect();
});

it('tells each listener of one failure once', async () => {
    const { store, errors } = observe(open, new KeyvMemcached('memcached://127.0.0.1:1'));
    const others: unknown[] = [];
    store.on('error', error => others.push(error));
    await Promise.all([store.get('a'), store.getMany(['b', 'c'])]);
    expect([errors.length, others.length]).toEqual([2, 2]);
});
