import { MemcachedClient } from 'pip-services4-memcached-node';
import { parseUri } from '../../src/connect/ConnectionUri';
import { useOpener } from '../support/Opener';
import { openError } from './opening';

const open = useOpener();
const { lines } = open.logger;

const at = { 'connection.host': '127.0.0.1', 'connection.port': 1 };
const uri = (text: string) => ({ 'connection.uri': text });
const user = (username: string, password: string) => ({
    'credential.username': username,
    'credential.password': password,
});

const invalid: [string, Record<string, unknown>, RegExp][] = [
    ['a login before each server', uri('memcached://u:p@a,u:p@b'), /expected one login before all servers/],
    ['a login before the second server', uri('memcached://a,u:p@b'), /%2C for a comma/],
    ['a comma in a password', uri('memcached://u:p,q@a'), /%2C for a comma/],
    ['a query in a uri', uri('memcached://a?x=1'), /no query/],
    ['a fragment in a uri', uri('memcached://a,b#x'), /no fragment/],
    ['an encoded host in a uri', uri('memcached://a%41:11211'), /a host without \? # %/],
    ['a query in a host', { 'connection.host': 'a?x=1' }, /^invalid host: expected a name or an address/],
    ['two names in a host', { 'connection.host': 'a,b' }, /^invalid host: expected a name or an address/],
    ...['0x10', '1e2', '5.0', '+5', '-1', '1001', 'x'].map((weight): [string, Record<string, unknown>, RegExp] => [
        `weight ${weight}`,
        { ...at, 'connection.weight': weight },
        /^invalid weight .*from 1 to 1000$/,
    ]),
];

it.each(invalid)('rejects with INVALID_CONNECTION for %s', async (_, config, message) => {
    expect(await openError(open, config)).toMatchObject({
        code: 'INVALID_CONNECTION',
        trace_id: 'trace',
        message: expect.stringMatching(message),
    });
});

it('accepts a comma in the form %2C', () => {
    expect(parseUri('memcached://u%2Cv:p%2Cq@a,b')).toMatchObject({ username: 'u,v', password: 'p,q' });
});

it.each([
    [
        'a password without a user name',
        { ...at, 'credential.password': 'secret' },
        /expected a user name beside the password$/,
    ],
    [
        'a password and an empty user name',
        { ...at, ...user('', 'secret') },
        /expected a user name beside the password$/,
    ],
    ['a user name and an empty password', { ...at, ...user('ann', '') }, /expected a password beside the user name$/],
    ['an empty password in a uri', uri('memcached://ann:@a'), /expected a password beside the user name$/],
])('rejects with NO_CREDENTIAL for %s', async (_, config, message) => {
    const error = await openError(open, config);
    expect(error).toMatchObject({ code: 'NO_CREDENTIAL', message: expect.stringMatching(message) });
});

it.each([
    ['in a uri', uri('memcached://a%00b:c@127.0.0.1:1')],
    ['in a user name', { ...at, ...user('a\0b', 'c') }],
    ['in a password', { ...at, ...user('a', 'b\0c') }],
])('rejects with INVALID_CREDENTIAL for NUL %s', async (_, config) => {
    expect(await openError(open, config)).toMatchObject({
        code: 'INVALID_CREDENTIAL',
        trace_id: 'trace',
        message: 'invalid login for memcached at 127.0.0.1:1: expected a user name and a password without NUL',
    });
});

it('rejects a user name with a space only with options.protocol: meta', async () => {
    const config = { ...at, ...user('ann lee', 'secret') };
    expect(await openError(open, { ...config, 'options.protocol': 'meta' })).toMatchObject({
        code: 'INVALID_CREDENTIAL',
        message:
            'invalid login for memcached at 127.0.0.1:1: expected a user name without a space (options.protocol: meta)',
    });
    expect(await openError(open, config)).toMatchObject({ code: 'CONNECT_FAILED' });
});

it('rejects a login with NUL or of another type in a client', () => {
    for (const login of [{ username: 'a\0b', password: 'c' }, { username: 5, password: 'c' }, { username: 'a' }]) {
        const create = (): unknown => new MemcachedClient([{ host: 'a', port: 1, login: login as never }]);
        expect(create).toThrow(expect.objectContaining({ code: 'INVALID_CREDENTIAL' }) as Error);
    }
});

it('rejects weights with an infinite sum, and keeps the servers of a client', () => {
    const heavy = [1, 2].map(port => ({ host: '127.0.0.1', port, weight: 1e308 }));
    const problem = expect.objectContaining({
        code: 'INVALID_CONNECTION',
        message: 'invalid weights: expected a sum that is a finite number',
    }) as Error;
    expect(() => new MemcachedClient(heavy)).toThrow(problem);
    const client = new MemcachedClient([heavy[0]!]);
    expect(() => client.update(heavy)).toThrow(problem);
    expect(client.getStats()).toHaveLength(1);
});

it('logs once that an empty user name and password mean no login', async () => {
    await open.cache(await open.server(), user('', ''));
    expect(lines).toEqual(['warn credential.username and credential.password are empty: sending no login']);
});

it('logs a server without keys once', async () => {
    const servers = await Promise.all([open.server(), open.server()]);
    const weights = (weight: number) => ({ 'connections.0.weight': 1, 'connections.1.weight': weight });
    await open.cache(servers, weights(70));
    expect(lines).toEqual([]);
    await open.cache(servers, weights(1000));
    expect(lines).toEqual([
        `warn no key belongs to 127.0.0.1:${servers[0].port}: the weight is too small beside the others (connection.weight)`,
    ]);
});

it('assigns all keys to a single server, whatever its weight', async () => {
    await open.cache(await open.server(), { 'connections.0.weight': 1 });
    expect(lines).toEqual([]);
});
