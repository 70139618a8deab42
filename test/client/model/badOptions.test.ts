import { MemcachedClient } from 'pip-services4-memcached-node';

const local = [{ host: 'localhost', port: 11211 }];
const observer = { onDown: () => {}, onUp: () => {} };

const withOptions = (options: unknown) => () => new MemcachedClient(local, options as object);
const withServers = (servers: unknown) => () => new MemcachedClient(servers as []);
const withServer = (part: object) => withServers([{ host: 'localhost', port: 11211, ...part }]);

const NAMES =
    'failover, protocol, observer, expires, poolSize, retries, maxPending, requestTimeoutMs, connectTimeoutMs, ' +
    'reconnectMs, failures, retryMs, idleMs, failoverTtlMs, maxKeyBytes, maxValueBytes';
const OTHERS = '(docs/migration.md maps the options of other clients)';
const PLAIN = 'expected a plain object, such as { requestTimeoutMs: 500 }';
const OBSERVER = 'expected an object with the functions onDown and onUp, and onIdentified if you need it';
const LIST = 'expected a list, such as [{ host: "localhost", port: 11211 }] (a uri is for MemcachedConnection)';

type Row = [mistake: string, create: () => unknown, message: string];

const options: Row[] = [
    ['null', withOptions(null), `invalid client options null: ${PLAIN}`],
    ['a number', withOptions(500), `invalid client options 500: ${PLAIN}`],
    ['a text', withOptions('timeout=1'), `invalid client options of type string: ${PLAIN}`],
    ['a symbol', withOptions(Symbol('options')), `invalid client options of type symbol: ${PLAIN}`],
    ['a list', withOptions([]), `invalid client options of type array: ${PLAIN}`],
    ['a function', withOptions(() => ({})), `invalid client options of type function: ${PLAIN}`],
    ['a Map', withOptions(new Map([['retries', 1]])), `invalid client options of type object: ${PLAIN}`],
    ['a promise', withOptions(Promise.resolve({})), `invalid client options of type object: ${PLAIN}`],

    ['a mistyped name', withOptions({ retry: 1 }), `invalid client option retry: expected one of ${NAMES} ${OTHERS}`],
    ['NaN', withOptions({ requestTimeoutMs: NaN }), number('requestTimeoutMs', 1, 2147483647)],
    ['null for a number', withOptions({ idleMs: null }), number('idleMs', 0, 2147483647)],
    ['a number as text', withOptions({ poolSize: '5' }), number('poolSize', 1, 1000)],
    ['a bigint', withOptions({ retries: 3n }), number('retries', 0, 100)],
    ['a symbol for a number', withOptions({ retries: Symbol('3') }), number('retries', 0, 100)],
    ['an object for a number', withOptions({ retries: { valueOf: () => 3 } }), number('retries', 0, 100)],
    ['a fraction', withOptions({ failures: 1.5 }), number('failures', 1, 1000)],
    ['seconds for ms', withOptions({ connectTimeoutMs: 0.5 }), number('connectTimeoutMs', 1, 2147483647)],
    ['a number below the range', withOptions({ requestTimeoutMs: 0 }), number('requestTimeoutMs', 1, 2147483647)],
    ['a number above the range', withOptions({ maxKeyBytes: 251 }), number('maxKeyBytes', 1, 250)],
    [
        'a word for a boolean',
        withOptions({ failover: 'yes' }),
        'invalid client option failover: expected true or false',
    ],
    [
        'an unknown word',
        withOptions({ protocol: 'text' }),
        'invalid client option protocol: expected one of auto, binary, meta',
    ],
    ['a function as observer', withOptions({ observer: () => {} }), `invalid client option observer: ${OBSERVER}`],
    ['half an observer', withOptions({ observer: { onDown() {} } }), `invalid client option observer: ${OBSERVER}`],
    [
        'an observer with onIdentified: true',
        withOptions({ observer: { ...observer, onIdentified: true } }),
        `invalid client option observer: ${OBSERVER}`,
    ],

    ['an expiry as text', withOptions({ expires: '600' }), number('expires', 0, 2592000)],
    ['a Unix time for all values', withOptions({ expires: 1_800_000_000 }), number('expires', 0, 2592000)],
    ['timeout', withOptions({ timeout: 0.5 }), memjs('timeout', 'requestTimeoutMs, in ms')],
    ['conntimeout', withOptions({ conntimeout: 1 }), memjs('conntimeout', 'connectTimeoutMs, in ms')],
    ['retry_delay', withOptions({ retry_delay: 0.2 }), memjs('retry_delay', 'reconnectMs, in ms')],
    ['failoverTime', withOptions({ failoverTime: 60 }), memjs('failoverTime', 'retryMs, in ms')],
    [
        'keepAlive',
        withOptions({ keepAlive: true }),
        memjs('keepAlive', 'idleMs, because sockets are always kept alive'),
    ],
    [
        'keepAliveDelay',
        withOptions({ keepAliveDelay: 30 }),
        memjs('keepAliveDelay', 'idleMs, because sockets are always kept alive'),
    ],
    ['username', withOptions({ username: 'ann' }), memjs('username', 'the login of each server')],
    ['password', withOptions({ password: 'secret' }), memjs('password', 'the login of each server')],
    ['logger', withOptions({ logger: console }), memjs('logger', 'observer, because the client logs nothing')],
    [
        'serializer',
        withOptions({ serializer: {} }),
        memjs('serializer', 'text or bytes as values, or a MemcachedCache'),
    ],
];

const servers: Row[] = [
    ['no servers', withServers(undefined), `invalid servers of type undefined: ${LIST}`],
    ['a text', withServers('localhost:11211'), `invalid servers of type string: ${LIST}`],
    ['texts with commas', withServers('a:11211,b:11211'), `invalid servers of type string: ${LIST}`],
    ['a uri', withServers('memcached://ann:secret@a'), `invalid servers of type string: ${LIST}`],
    ['a single server', withServers(local[0]), `invalid servers of type object: ${LIST}`],
    ['a Set', withServers(new Set(local)), `invalid servers of type object: ${LIST}`],
    ['a list of texts', withServers(['localhost:11211']), server(' of type string', 'a plain object { host, port }')],
    ['a list with null', withServers([null]), server(' null', 'a plain object { host, port }')],
    [
        'a list with a URL',
        withServers([new URL('memcached://a:1')]),
        server(' of type object', 'a plain object { host, port }'),
    ],
    ['a list with a hole', withServers(new Array(1)), server(' of type undefined', 'a plain object { host, port }')],
    ['no host', withServer({ host: undefined }), server('.host', 'a name or an address')],
    ['an empty host', withServer({ host: '' }), server('.host', 'a name or an address')],
    ['no port', withServer({ port: undefined }), server('.port of type undefined', 'an integer from 1 to 65535')],
    ['a port as text', withServer({ port: '11211' }), server('.port of type string', 'an integer from 1 to 65535')],
    ['port NaN', withServer({ port: NaN }), server('.port NaN', 'an integer from 1 to 65535')],
    ['port 0', withServer({ port: 0 }), server('.port 0', 'an integer from 1 to 65535')],
    ['port 65536', withServer({ port: 65536 }), server('.port 65536', 'an integer from 1 to 65535')],
    ['a path that is no text', withServer({ path: true }), server('.path', 'the path of a Unix socket')],
    ['tls: true', withServer({ tls: true }), server('.tls', 'an object with options of tls.connect')],
    ['tls: null', withServer({ tls: null }), server('.tls', 'an object with options of tls.connect')],
    ['a login as text', withServer({ login: 'ann:secret' }), server('.login', 'an object { username, password }')],
    [
        'ssl: true, without which the password would be readable',
        withServer({ ssl: true, login: { username: 'ann', password: 'secret' } }),
        server('.ssl', 'one of host, port, path, weight, tls, login'),
    ],
    [
        'a login beside the list',
        withServer({ username: 'ann' }),
        server('.username', 'one of host, port, path, weight, tls, login'),
    ],
    [
        'a weight as text',
        withServer({ weight: '2' }),
        'invalid weight of type string of localhost:11211: expected a number greater than 0',
    ],
];

function number(name: string, min: number, max: number): string {
    return `invalid client option ${name}: expected whole numbers from ${min} to ${max}`;
}

function memjs(name: string, ours: string): string {
    return `invalid client option ${name}: expected ${ours} ${OTHERS}`;
}

function server(what: string, expected: string): string {
    return `invalid servers[0]${what}: expected ${expected}`;
}

it.each(options)('rejects %s as options or as an option', (_mistake, create, message) => {
    expect(create).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message }) as Error);
});

it.each(servers)('rejects %s as servers or in a server', (_mistake, create, message) => {
    expect(create).toThrow(expect.objectContaining({ code: 'INVALID_CONNECTION', message }) as Error);
});

it('rejects the same servers in an update, which then changes nothing', () => {
    const client = new MemcachedClient(local);
    for (const bad of [undefined, null, 'a:1', ['a:1'], [null], [{ host: 'a', port: '1' }]]) {
        const refused = expect.objectContaining({ code: 'INVALID_CONNECTION' }) as Error;
        expect(() => client.update(bad as never)).toThrow(refused);
    }
    expect(client.servers.map(({ address }) => address)).toEqual(['localhost:11211']);
});

it('copies the servers, so that a change of the list or of a server takes an update', () => {
    const login = { username: 'ann', password: 'first' };
    const at = { host: 'a', port: 1, weight: 1, login };
    const list = [at];
    const client = new MemcachedClient(list);
    list.push({ ...at, port: 2 });
    expect(client.servers.map(({ address }) => address)).toEqual(['a:1']);
    login.password = 'second';
    expect(client.update(list)).toEqual({ added: ['a:2'], removed: [], replaced: ['a:1'], reweighted: [] });
    at.weight = 2;
    expect(client.update(list)).toEqual({ added: [], removed: [], replaced: [], reweighted: ['a:1'] });
});

it('reads servers that are frozen, without a prototype, or getters of a class', () => {
    class Server {
        get host(): string {
            return 'a';
        }
        get port(): number {
            return 1;
        }
    }
    const bare = Object.assign(Object.create(null) as object, { host: 'a', port: 1 });
    for (const at of [new Server(), bare, Object.freeze({ host: 'a', port: 1 })]) {
        const client = new MemcachedClient(Object.freeze([at]));
        expect(client.servers.map(({ address }) => address)).toEqual(['a:1']);
    }
});

it('rejects the servers of another client, which lack their logins and TLS settings', () => {
    const { servers } = new MemcachedClient(local);
    expect(withServers(servers)).toThrow(expect.objectContaining({ code: 'INVALID_CONNECTION' }) as Error);
});

it('names no password', () => {
    const secrets = [...options, ...servers].map(([, create]) => messageOf(create));
    expect(secrets.join('\n')).not.toMatch(/secret|ann/);
});

function messageOf(create: () => unknown): string {
    try {
        return String(create());
    } catch (error) {
        return String(error);
    }
}
