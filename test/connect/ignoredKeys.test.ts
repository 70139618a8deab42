import { ConfigParams, Descriptor } from 'pip-services4-components-node';
import { ignoredKeys } from '../../src/connect/ignoredKeys';
import { useOpener, useServer } from '../support/Opener';

const server = useServer();
const open = useOpener();
const { logger } = open;

const ofKeys = (...keys: string[]) => ignoredKeys(ConfigParams.fromTuples(...keys.flatMap(key => [key, 'x'])));

it('returns misspelled and misplaced keys', () => {
    const keys = [
        'prefix',
        'timeout',
        'connection',
        'option.prefix',
        'options.prefx',
        'options.prefix.a',
        'connection.prefix',
        'connection.ssl',
        'connection.constructor',
        'connections.a.hots',
        'connections.a',
        'credential.ssl',
        'credential.ssl_cert_file',
        'credentials.username',
        'constructor.a',
    ];
    for (const key of keys) expect(ofKeys(key)).toEqual([key]);
});

it('returns no key that the container, the framework or this package reads', () => {
    const keys = [
        'descriptor',
        'type',
        'options.prefix',
        'options.retry_timeout',
        'connections.a.host',
        'connections.a.ip',
        'connections.b.uri',
        'connections.b.weight',
        'connections.0.discovery_key',
        'credentials.a.user',
        'credentials.a.pass',
        'credentials.a.store_key',
        'credentials.a.ssl_verify',
    ];
    expect(ofKeys(...keys)).toEqual([]);
    expect(ofKeys('connection.protocol', 'connection.port', 'credential.username', 'credential.password')).toEqual([]);
});

it('returns no empty key', () => {
    expect(ignoredKeys(ConfigParams.fromValue({ connection: null, credential: [], option: '' }))).toEqual([]);
});

it('returns the keys of a single section that the framework ignores beside several', () => {
    expect(ofKeys('connection.host', 'connections.a.host', 'credential.username')).toEqual(['connection.host']);
    expect(ofKeys('credential.username', 'credentials.a.username')).toEqual(['credential.username']);
    const empty = ConfigParams.fromTuples('connection.host', 'x', 'connections', null);
    expect(ignoredKeys(empty)).toEqual([]);
});

const SHARED = new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0');
const CREDENTIAL = { 'credential.username': '', 'credential.password': '' };

it('logs ignored keys once at open of the cache, the lock and the connection', async () => {
    const said = 'warn ignoring unknown configuration keys: connection.prefix, option.prefix';
    const stray = { 'connection.prefix': 'a', 'option.prefix': 'b' };
    const at = { 'connection.host': '127.0.0.1', 'connection.port': server.port };
    await open.cache([], { ...at, ...stray });
    await open.lock([], { ...at, ...stray });
    await open.connectionOf([], { ...at, ...stray }).open(null);
    expect(logger.lines).toEqual([said, said, said]);
});

it('logs ignored keys of a component with a shared connection, including its login', async () => {
    const connection = open.connectionOf(server);
    await connection.open(null);
    const references = logger.references(SHARED, connection);
    await open.cache([], { prefx: 'a', pool_size: 2, ...CREDENTIAL }, references);
    expect(logger.lines).toEqual([
        'warn ignoring unknown configuration keys: options.prefx',
        'warn ignoring keys of a connection in a component that shares one: options.pool_size, credential.username, credential.password',
    ]);
});
