import { MemcachedCache } from 'pip-services4-memcached-node';
import { KeyvMemcached } from 'pip-services4-memcached-node/keyv';
import { useOpener, useServer } from '../support/Opener';
import { observe } from './useStore';

type Options = ConstructorParameters<typeof KeyvMemcached>[0];

const server = useServer();
const open = useOpener();

function errorOf(options: unknown): unknown {
    try {
        return new KeyvMemcached(options as Options);
    } catch (error) {
        return error;
    }
}

const uri = 'memcached://user:secret@localhost';
it.each<[string, unknown, string, RegExp]>([
    ['no options', undefined, 'NO_CONNECTION', /uri/],
    ['no server', { namespace: 'n' }, 'NO_CONNECTION', /uri/],
    ['a server that is undefined', { uri: undefined }, 'NO_CONNECTION', /uri/],
    ['a cache that is undefined', { cache: undefined }, 'NO_CONNECTION', /cache/],
    ['a misspelt name', { url: uri }, 'INVALID_OPTION', /url.*uri/],
    ['a misspelt option', { uri, options: { request_timout: 1 } }, 'INVALID_OPTION', /options\.request_timout/],
    ['an invalid option', { uri, options: { request_timeout: 'soon' } }, 'INVALID_OPTION', /request_timeout/],
    ['one server and several', { uri, connections: [{ host: 'a' }] }, 'INVALID_OPTION', /connection\.uri/],
    ['a namespace that is no text', { uri, namespace: 1 }, 'INVALID_OPTION', /namespace/],
    ['a cache and a server', { cache: new MemcachedCache(), uri }, 'INVALID_OPTION', /uri/],
])('rejects %s, and quotes no password', (_, options, code, message) => {
    const error = errorOf(options);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(JSON.stringify(error)).not.toContain('secret');
});

it.each<[string, () => Options]>([
    ['a uri', () => `memcached://${server.address}`],
    ['a uri as an option', () => ({ uri: `memcached://${server.address}` })],
    ['a connection', () => ({ connection: { host: server.host, port: server.port } })],
    ['several connections', () => ({ connections: [{ host: server.host, port: server.port }] })],
    ['empty sections', () => ({ uri: `memcached://${server.address}`, options: {}, credential: undefined })],
    ['options that are undefined', () => ({ uri: `memcached://${server.address}`, options: { retries: undefined } })],
])('takes %s', async (_, options) => {
    const { store, errors } = observe(open, new KeyvMemcached(options()));
    expect(await store.set(open.key, 'value')).toBe(true);
    expect(await store.get(open.key)).toBe('value');
    expect(errors).toEqual([]);
});

it('gives its options to the connection and to the cache', async () => {
    const options = { request_timeout: 123, max_value: 100 };
    const silent = await open.recordingProxy();
    const { store, errors } = observe(
        open,
        new KeyvMemcached({
            uri: `memcached://127.0.0.1:${silent.port}`,
            options: { ...options, connect_timeout: 100 },
        }),
    );
    await store.get('key');
    expect(errors).toHaveLength(1);
    const { store: other } = observe(open, new KeyvMemcached({ uri: `memcached://${server.address}`, options }));
    await expect(other.set('key', 'x'.repeat(101))).rejects.toMatchObject({ code: 'VALUE_TOO_LARGE' });
});
