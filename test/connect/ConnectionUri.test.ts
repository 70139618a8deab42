import { parseUri } from '../../src/connect/ConnectionUri';

const server = (host: string, port: number | null = null) => ({ host, port });
const plain = { finding: 'listed', isTls: false };

it.each([
    ['memcached://localhost', [server('localhost')]],
    ['memcached://localhost/', [server('localhost')]],
    [' memcached://10.0.0.1:11212 ', [server('10.0.0.1', 11212)]],
    ['MemCached://localhost', [server('localhost')]],
    ['memcached://a,b:2,c', [server('a'), server('b', 2), server('c')]],
    ['memcached://[::1]', [server('::1')]],
    ['memcached://[fe80::1]:11212,b', [server('fe80::1', 11212), server('b')]],
    ['memcached://under_score.and-dash:65535', [server('under_score.and-dash', 65535)]],
])('parses %s', (uri, servers) => {
    expect(parseUri(uri)).toEqual({ scheme: plain, servers });
});

it('treats memcacheds as TLS', () => {
    expect(parseUri('memcacheds://cache.example:443')).toEqual({
        scheme: { finding: 'listed', isTls: true },
        servers: [server('cache.example', 443)],
    });
});

it.each([
    ['memcached+srv://name', 'srv', false],
    ['memcacheds+srv://name', 'srv', true],
    ['Memcached+DNS://name', 'dns', false],
    ['memcacheds+dns://name', 'dns', true],
    ['memcached+cluster://name', 'cluster', false],
    ['memcacheds+cluster://name', 'cluster', true],
])('parses the scheme of %s', (uri, finding, isTls) => {
    expect(parseUri(uri)).toEqual({ scheme: { finding, isTls }, servers: [server('name')] });
});

it('treats unix as the path of a socket', () => {
    const path = '/run/memcached/memcached.sock';
    expect(parseUri(`unix://${path}`)).toEqual({ scheme: plain, servers: [{ host: path, port: 0, path }] });
});

it.each([
    ['ann:secret', 'ann', 'secret'],
    ['ann:', 'ann', ''],
    ['ann:p%40ss%2Fw%3Ard', 'ann', 'p@ss/w:rd'],
    ['%C3%A9:%F0%9F%90%8E', 'é', '🐎'],
    ['ann:a@b:c/d%2Ce', 'ann', 'a@b:c/d,e'],
])('parses the login %s@', (login, username, password) => {
    expect(parseUri(`memcached://${login}@one:1,two`)).toEqual({
        scheme: plain,
        servers: [server('one', 1), server('two')],
        username,
        password,
    });
});

it.each([
    ['localhost:11211', /expected memcached:/],
    ['', /expected memcached:/],
    ['memcached:localhost', /expected memcached:/],
    ['redis://localhost', /invalid uri scheme redis:\/\/: expected memcached:/],
    ['memcached+http://a', /invalid uri scheme memcached\+http:\/\/: expected memcached:/],
    ['srv+memcached://a', /invalid uri scheme srv\+memcached/],
    ['unix+srv:///a', /invalid uri scheme unix\+srv/],
    ['memcached://', /server 1: expected host/],
    ['memcached://:11211', /server 1: expected host/],
    ['memcached://a,', /server 2: expected host/],
    ['memcached://a,,b', /server 2: expected host/],
    ['memcached://a/b', /server 1: expected host/],
    ['memcached://a b', /server 1: expected host/],
    ['memcached://::1', /server 1: expected host/],
    ['memcached://[::1', /server 1: expected host/],
    ['memcached://[localhost]', /server 1: expected host/],
    ['memcached://a:0', /invalid port 0: expected an integer from 1 to 65535/],
    ['memcached://a:65536', /invalid port 65536: expected an integer from 1 to 65535/],
    ['memcached://a:', /server 1: expected a number as its port/],
    ['memcached://a,b:x', /server 2: expected a number as its port/],
    ['memcached://ann@a', /expected user:password before the @/],
    ['memcached://:secret@a', /expected user:password before the @/],
    ['memcached://ann:%zz@a', /expected percent-encoding/],
    ['unix://run/memcached.sock', /absolute path/],
    ['unix://', /absolute path/],
    ['unix:///', /absolute path/],
])('rejects %s', (uri, problem) => {
    expect(() => parseUri(uri)).toThrow(
        expect.objectContaining({ code: 'INVALID_CONNECTION', message: expect.stringMatching(problem) }),
    );
});

it.each([
    'memcached://ann:hunter2@',
    'memcached://ann:hunter2@a:x',
    'memcached://ann:hunter2%@a',
    'memcached://ann:hunter2',
    'memcached://ann:hunter2/more',
    'memcached://ann:11x:hunter2',
    'memcached://ann hunter2',
    'ann:hunter2@a',
    'http://ann:hunter2@a',
])('reports the mistake in %s without the password', uri => {
    expect.assertions(1);
    try {
        parseUri(uri);
    } catch (error) {
        expect(String((error as Error).stack) + JSON.stringify(error)).not.toContain('hunter2');
    }
});
