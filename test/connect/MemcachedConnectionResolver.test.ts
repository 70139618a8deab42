import { ConfigParams, Descriptor, References } from 'pip-services4-components-node';
import { ConnectionParams, MemoryCredentialStore, MemoryDiscovery } from 'pip-services4-config-node';
import { MemcachedConnectionResolver } from 'pip-services4-memcached-node';

const descriptor = (type: string, name: string) => new Descriptor('test', type, 'memory', name, '1.0');
const discoveryOf = (...tuples: unknown[]) => new MemoryDiscovery(ConfigParams.fromTuples(...tuples));
const referencesTo = (type: string, ...components: unknown[]) =>
    References.fromTuples(...components.flatMap((one, i) => [descriptor(type, String(i)), one]));

function resolverOf(tuples: unknown[], references?: References): MemcachedConnectionResolver {
    const resolver = new MemcachedConnectionResolver();
    resolver.configure(ConfigParams.fromTuples(...tuples));
    if (references) resolver.setReferences(references);
    return resolver;
}

/** Resolves the servers, without undefined properties. */
async function resolve(tuples: unknown[], references?: References): Promise<object[]> {
    const servers = await resolverOf(tuples, references).resolve('trace');
    return JSON.parse(JSON.stringify(servers)) as object[];
}

const tls = { secureContext: expect.anything() as unknown, rejectUnauthorized: true };

const server = (host: string, port = 11211, more = {}) => ({ host, port, weight: 1, ...more });

describe('MemcachedConnectionResolver', () => {
    it.each<[string, unknown[], object[]]>([
        ['host and port', ['connection.host', 'a', 'connection.port', 1], [server('a', 1)]],
        ['a host', ['connection.host', 'a'], [server('a')]],
        ['an empty port', ['connection.host', 'a', 'connection.port', ''], [server('a')]],
        ['an ip', ['connection.ip', '10.0.0.1'], [server('10.0.0.1')]],
        ['IPv6', ['connection.host', '::1', 'connection.port', 5], [server('::1', 5)]],
        ['a weight', ['connection.host', 'a', 'connection.weight', 3], [server('a', 11211, { weight: 3 })]],
        [
            'several',
            ['connections.x.host', 'a', 'connections.y.host', 'b', 'connections.y.port', 2],
            [server('a'), server('b', 2)],
        ],
        [
            'a list',
            ['connections.0.host', 'a', 'connections.1.uri', 'memcached://b:2,c'],
            [server('a'), server('b', 2), server('c')],
        ],
        ['a uri', ['connection.uri', 'memcached://a:1,[::1]'], [server('a', 1), server('::1')]],
        [
            'a uri with a weight',
            ['connection.uri', 'memcached://a', 'connection.weight', 2],
            [server('a', 11211, { weight: 2 })],
        ],
        [
            'TLS by uri',
            ['connection.uri', 'memcacheds://a'],
            [server('a', 11211, { tls: { ...tls, servername: 'a' } })],
        ],
        [
            'TLS by protocol, at an address',
            ['connection.host', '10.0.0.1', 'connection.protocol', 'tls'],
            [server('10.0.0.1', 11211, { tls })],
        ],
        ['a zone', ['connection.host', 'fe80::1%lo'], [server('fe80::1%lo')]],
        [
            'a duplicate server',
            ['connections.0.host', 'a', 'connections.1.uri', 'memcached://a:11211,b'],
            [server('a'), server('b')],
        ],
    ])('resolves %s', async (_, tuples, servers) => {
        expect(await resolve(tuples)).toEqual(servers);
    });

    it.each<[string, unknown[], string, RegExp]>([
        ['an empty configuration', [], 'NO_CONNECTION', /expected connection.host/],
        ['host at the top', ['host', 'a', 'port', 1], 'NO_CONNECTION', /expected connection.host/],
        ['only a port', ['connection.port', 1], 'INVALID_CONNECTION', /invalid connection: expected host, uri or/],
        [
            'port 0',
            ['connection.host', 'a', 'connection.port', 0],
            'INVALID_CONNECTION',
            /invalid port 0: expected an integer from 1 to 65535/,
        ],
        ['port 65536', ['connection.host', 'a', 'connection.port', 65536], 'INVALID_CONNECTION', /invalid port 65536/],
        ['port abc', ['connection.host', 'a', 'connection.port', 'abc'], 'INVALID_CONNECTION', /invalid port abc/],
        ['port 1.5', ['connection.host', 'a', 'connection.port', '1.5'], 'INVALID_CONNECTION', /invalid port 1.5/],
        ['port -1', ['connection.host', 'a', 'connection.port', -1], 'INVALID_CONNECTION', /invalid port -1/],
        [
            'weight 0',
            ['connection.host', 'a', 'connection.weight', 0],
            'INVALID_CONNECTION',
            /invalid weight 0: expected an integer/,
        ],
        ['weight x', ['connection.host', 'a', 'connection.weight', 'x'], 'INVALID_CONNECTION', /invalid weight x/],
        [
            'an unknown protocol',
            ['connection.host', 'a', 'connection.protocol', 'http'],
            'INVALID_CONNECTION',
            /invalid protocol http: expected tcp or tls/,
        ],
        [
            'a protocol with the name of an inherited property',
            ['connection.host', 'a', 'connection.protocol', 'constructor'],
            'INVALID_CONNECTION',
            /invalid protocol constructor/,
        ],
        [
            'a uri with an unknown scheme',
            ['connection.uri', 'redis://a'],
            'INVALID_CONNECTION',
            /invalid uri scheme redis/,
        ],
        [
            'a protocol beside a uri',
            ['connection.uri', 'memcached://a', 'connection.protocol', 'http'],
            'INVALID_CONNECTION',
            /invalid protocol http/,
        ],
        [
            'TLS by protocol but not by uri',
            ['connection.uri', 'memcached://a', 'connection.protocol', 'tls'],
            'INVALID_CONNECTION',
            /invalid uri beside protocol tls: expected memcacheds:/,
        ],
        [
            'TLS for a Unix socket',
            ['connection.uri', 'unix:///a', 'connection.protocol', 'tls'],
            'INVALID_CONNECTION',
            /invalid uri beside protocol tls/,
        ],
        ...['a:1', 'ann:hunter2@a', 'memcached://a', '[::1]', 'a b', '/run/a'].map<[string, unknown[], string, RegExp]>(
            host => [
                `host ${host}`,
                ['connection.host', host],
                'INVALID_CONNECTION',
                /^invalid host: expected a name or an address, with the port in port, the login in credential, more/,
            ],
        ),
    ])('rejects %s', async (_, tuples, code, problem) => {
        await expect(resolve(tuples)).rejects.toMatchObject({
            code,
            trace_id: 'trace',
            message: expect.stringMatching(problem),
            category: 'Misconfiguration',
        });
    });
});

describe('discovery', () => {
    const byKey = (...keys: string[]) => keys.flatMap((key, i) => [`connections.${i}.discovery_key`, key]);

    it('returns the connection under the key', async () => {
        const references = referencesTo('discovery', discoveryOf('one.host', 'a', 'one.port', 1, 'two.host', 'b'));
        expect(await resolve(['connection.discovery_key', 'one'], references)).toEqual([server('a', 1)]);
    });

    it('is queried in all components, and returns uris and weights too', async () => {
        const references = referencesTo(
            'discovery',
            discoveryOf('one.uri', 'memcached://a,b', 'one.weight', 2),
            discoveryOf('one.host', 'c'),
            discoveryOf('other.host', 'd'),
        );
        const servers = await resolve(['connection.discovery_key', 'one'], references);
        expect(servers).toHaveLength(3);
        expect(servers).toEqual(
            expect.arrayContaining([server('a', 11211, { weight: 2 }), server('b', 11211, { weight: 2 }), server('c')]),
        );
    });

    it('returns several connections under one key, without duplicates', async () => {
        const discovery = discoveryOf();
        for (const host of ['a', 'b', 'a']) {
            await discovery.register(null, 'one', ConnectionParams.fromTuples('host', host));
        }
        const references = referencesTo('discovery', discovery);
        expect(await resolve(['connection.discovery_key', 'one'], references)).toEqual([server('a'), server('b')]);
    });

    it('works beside direct connections, in any order', async () => {
        const references = referencesTo('discovery', discoveryOf('one.host', 'a', 'two.host', 'b'));
        const tuples = [...byKey('one', 'two'), 'connections.5.host', 'c'];
        expect(await resolve(tuples, references)).toEqual([server('c'), server('a'), server('b')]);
    });

    it('adds the discovered properties to the properties beside the key', async () => {
        const references = referencesTo('discovery', discoveryOf('one.host', 'a'));
        const tuples = ['connection.discovery_key', 'one', 'connection.port', 7, 'connection.weight', 4];
        expect(await resolve(tuples, references)).toEqual([server('a', 7, { weight: 4 })]);
    });

    it.each([
        ['an unknown key', byKey('nobody')],
        ['one unknown key of two', byKey('one', 'nobody')],
        ['an unknown key beside a direct connection', [...byKey('nobody'), 'connections.5.host', 'c']],
    ])('rejects %s, and names the key', async (_, tuples) => {
        const references = referencesTo('discovery', discoveryOf('one.host', 'a'));
        await expect(resolve(tuples, references)).rejects.toMatchObject({
            code: 'NO_CONNECTION',
            trace_id: 'trace',
            message: expect.stringContaining('discovery has none for discovery_key nobody'),
        });
    });

    it.each([
        ['host and protocol', ['one.host', 'a', 'one.protocol', 'tls']],
        ['a uri', ['one.uri', 'memcacheds://a']],
        ['a host, with the protocol beside the key', ['one.host', 'a'], ['connection.protocol', 'tls']],
        [
            'a uri and the protocol',
            ['one.uri', 'memcacheds://a', 'one.protocol', 'tls'],
            ['connection.protocol', 'tls'],
        ],
    ])('returns servers with TLS: %s', async (_, found, beside: string[] = []) => {
        const references = referencesTo('discovery', discoveryOf(...found));
        const tuples = ['connection.discovery_key', 'one', ...beside, 'credential.ssl_server_name', 'b'];
        expect(await resolve(tuples, references)).toEqual([server('a', 11211, { tls: { ...tls, servername: 'b' } })]);
    });

    it.each([
        ['another protocol', ['one.host', 'a', 'one.protocol', 'tcp']],
        ['a uri without it', ['one.uri', 'memcached://a']],
    ])('never removes TLS that the configuration sets beside the key: %s', async (_, found) => {
        const references = referencesTo('discovery', discoveryOf(...found));
        const tuples = ['connection.discovery_key', 'one', 'connection.protocol', 'tls'];
        await expect(resolve(tuples, references)).rejects.toMatchObject({
            code: 'INVALID_CONNECTION',
            message: expect.stringMatching(
                /^invalid (protocol of a server for discovery_key one|uri beside protocol tls): expected/,
            ),
        });
    });

    it('rejects when there are no references or no discovery', async () => {
        await expect(resolve(byKey('one'))).rejects.toMatchObject({ code: 'NO_CONNECTION', trace_id: 'trace' });
        await expect(resolve(byKey('one'), new References())).rejects.toMatchObject({
            code: 'REF_ERROR',
            trace_id: 'trace',
        });
    });
});

describe('a credential', () => {
    const at = ['connection.host', 'a'];
    const ann = { username: 'ann', password: 'secret' };
    const direct = ['credential.username', 'ann', 'credential.password', 'secret'];

    it.each<[string, unknown[], object]>([
        ['direct', direct, ann],
        ['in a list', ['credentials.0.username', 'ann', 'credentials.0.password', 'secret'], ann],
        ['with short names', ['credential.user', 'ann', 'credential.pass', 'secret'], ann],
    ])('is accepted %s', async (_, tuples, login) => {
        expect(await resolve([...at, ...tuples])).toEqual([server('a', 11211, { login })]);
    });

    it('takes precedence when it is part of a uri', async () => {
        const tuples = ['connection.uri', 'memcached://bob:b@a,b', ...direct];
        const login = { username: 'bob', password: 'b' };
        expect(await resolve(tuples)).toEqual([server('a', 11211, { login }), server('b', 11211, { login })]);
    });

    it('comes from any store that has its store_key', async () => {
        const stores = [
            new MemoryCredentialStore(ConfigParams.fromTuples('cache.username', 'ann', 'cache.password', 'secret')),
            new MemoryCredentialStore(ConfigParams.fromTuples('other.username', 'x')),
        ];
        const references = referencesTo('credential-store', ...stores);
        const servers = await resolve([...at, 'credential.store_key', 'cache'], references);
        expect(servers).toEqual([server('a', 11211, { login: ann })]);
        await expect(resolve([...at, 'credential.store_key', 'nobody'], references)).rejects.toMatchObject({
            code: 'NO_CREDENTIAL',
            trace_id: 'trace',
            message: expect.stringContaining('nobody'),
        });
    });

    it('is rejected when store_key has no store', async () => {
        const tuples = [...at, 'credential.store_key', 'cache'];
        await expect(resolve(tuples)).rejects.toMatchObject({ code: 'NO_CREDENTIAL' });
        await expect(resolve(tuples, new References())).rejects.toMatchObject({ code: 'REF_ERROR' });
    });

    it('is rejected without a password', async () => {
        await expect(resolve([...at, 'credential.username', 'ann'])).rejects.toMatchObject({
            code: 'NO_CREDENTIAL',
            message: 'incomplete login: expected a password beside the user name',
        });
    });

    it('takes precedence over the credential beside store_key when it is from a store', async () => {
        const store = new MemoryCredentialStore(
            ConfigParams.fromTuples('cache.username', 'ann', 'cache.password', 'secret'),
        );
        const servers = await resolve(
            [
                ...['connection.uri', 'memcacheds://10.0.0.1', 'credential.store_key', 'cache'],
                ...['credential.ssl_server_name', 'cache.example', 'credential.username', 'bob'],
            ],
            referencesTo('credential-store', store),
        );
        expect(servers).toMatchObject([{ login: ann, tls: { servername: 'cache.example' } }]);
    });
});

it('replaces connections and credentials on a second configuration', async () => {
    const resolver = resolverOf([
        'connections.0.host',
        'a',
        'connections.1.host',
        'b',
        'credential.username',
        'x',
        'credential.password',
        'y',
    ]);
    resolver.configure(ConfigParams.fromTuples('connection.host', 'c'));
    expect(await resolver.resolve(null)).toMatchObject([{ host: 'c', login: undefined }]);
    resolver.configure(new ConfigParams());
    await expect(resolver.resolve(null)).rejects.toMatchObject({ code: 'NO_CONNECTION' });
});

it('accepts references before or after the configuration', async () => {
    const resolver = new MemcachedConnectionResolver();
    resolver.setReferences(referencesTo('discovery', discoveryOf('one.host', 'a')));
    resolver.configure(ConfigParams.fromTuples('connection.discovery_key', 'one'));
    expect(await resolver.resolve(null)).toMatchObject([{ host: 'a' }]);
});

it('reports the original error when the context is unreadable', async () => {
    const unreadable = {
        get: () => {
            throw new TypeError('get');
        },
    };
    const resolving = resolverOf(['connection.port', 11211]).resolve(unreadable);
    await expect(resolving).rejects.toMatchObject({ code: 'INVALID_CONNECTION' });
});
