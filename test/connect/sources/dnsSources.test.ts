import type { ServerAddress } from 'pip-services4-memcached-node';
import { ConfigParams } from 'pip-services4-components-node';
import { MemcachedConnectionResolver } from 'pip-services4-memcached-node';
import { AddressSource } from '../../../src/connect/sources/AddressSource';
import { SrvSource } from '../../../src/connect/sources/SrvSource';
import type { DnsReply } from '../../support/server/DnsServer';
import { useDns } from '../../support/useDns';

const server = useDns();

function resolve(uri: string, more: Record<string, unknown> = {}): Promise<ServerAddress[]> {
    const resolver = new MemcachedConnectionResolver();
    resolver.configure(ConfigParams.fromTuples('connection.uri', uri, ...Object.entries(more).flat()));
    return resolver.resolve('trace');
}

const at = ({ host, port }: ServerAddress) => `${host}:${port}`;
const found = async (uri: string) => (await resolve(uri)).map(at);
const asked = () => server.questions.map(({ type, name, transport }) => `${type} ${name} ${transport}`);

describe('memcached+srv', () => {
    it('finds the targets of the service by name, in lower case, each once', async () => {
        server.setSrv(
            'cache.example',
            'Pod-0.Cache.Example.:11211',
            'pod-1.cache.example:11212',
            'POD-0.cache.example:11211',
        );
        expect(await found('memcached+srv://cache.example')).toEqual([
            'pod-0.cache.example:11211',
            'pod-1.cache.example:11212',
        ]);
        expect(asked()).toEqual(['SRV _memcache._tcp.cache.example udp']);
    });

    it.each(['memcached+srv://_port._tcp.cache.example', 'memcached+srv://_port._tcp.cache.example./'])(
        'asks for a name that begins with _ as it is: %s',
        async uri => {
            server.set('SRV', '_port._tcp.cache.example', 'a:1');
            expect(await found(uri)).toEqual(['a:1']);
        },
    );

    it('gives each server the weight, the login and TLS', async () => {
        server.setSrv('cache', 'a:1', 'b:2');
        const servers = await resolve('memcacheds+srv://ann:secret@cache', { 'connection.weight': 3 });
        const login = { username: 'ann', password: 'secret' };
        expect(servers).toMatchObject([
            { host: 'a', port: 1, weight: 3, login, tls: { servername: 'a' } },
            { host: 'b', port: 2, weight: 3, login, tls: { servername: 'b' } },
        ]);
    });

    it('may be the protocol beside a host', async () => {
        server.setSrv('cache', 'a:1');
        const resolver = new MemcachedConnectionResolver();
        const tuples = ['connection.host', 'cache', 'connection.protocol', 'memcached+srv'];
        resolver.configure(ConfigParams.fromTuples(...tuples));
        expect((await resolver.resolve(null)).map(at)).toEqual(['a:1']);
    });

    it('asks by TCP when the answer is truncated: 300 servers', async () => {
        const targets = Array.from({ length: 300 }, (_, i) => `pod-${i}.cache.ns.svc.cluster.local:11211`);
        server.setSrv('cache', ...targets);
        expect(await found('memcached+srv://cache')).toEqual(targets);
        expect(asked()).toEqual(['SRV _memcache._tcp.cache udp', 'SRV _memcache._tcp.cache tcp']);
    });

    it('ignores records of other types', async () => {
        const name = 'SRV _memcache._tcp.cache';
        server.replies.set(name, [
            ['A', '10.0.0.1'],
            ['TXT', 'x'],
            ['SRV', 'a:1'],
        ]);
        expect(await found('memcached+srv://cache')).toEqual(['a:1']);
    });

    it.each<[string, DnsReply, string, string]>([
        [
            'NXDOMAIN',
            'NXDOMAIN',
            'NO_CONNECTION',
            'no memcached server to connect to: DNS has no name _memcache._tcp.cache (names must be complete, search domains are not used)',
        ],
        [
            'no records',
            [],
            'NO_CONNECTION',
            'no memcached server to connect to: DNS has no SRV records of _memcache._tcp.cache',
        ],
        [
            'only the target "."',
            [['SRV', '.:0']],
            'NO_CONNECTION',
            'no memcached server to connect to: the SRV records of _memcache._tcp.cache have no target',
        ],
        [
            'SERVFAIL',
            'SERVFAIL',
            'CONNECT_FAILED',
            'cannot look up the memcached servers: DNS query SRV _memcache._tcp.cache: the DNS server failed (SERVFAIL)',
        ],
        [
            'REFUSED',
            'REFUSED',
            'CONNECT_FAILED',
            'cannot look up the memcached servers: DNS query SRV _memcache._tcp.cache: the DNS server refused the query',
        ],
        [
            'silence',
            'silence',
            'CONNECT_FAILED',
            'cannot look up the memcached servers: DNS query SRV _memcache._tcp.cache: no DNS server answered',
        ],
        [
            'a malformed answer',
            'garbage',
            'CONNECT_FAILED',
            'cannot look up the memcached servers: DNS query SRV _memcache._tcp.cache: the DNS server sent a malformed answer',
        ],
        [
            'two ports of one target',
            [
                ['SRV', 'pod-0.cache:11211'],
                ['SRV', 'Pod-0.cache:9150'],
            ],
            'INVALID_CONNECTION',
            'invalid SRV records of _memcache._tcp.cache: expected one port of pod-0.cache, not 11211 and 9150 (name the port: memcached+srv://_port._tcp.cache)',
        ],
        [
            'a port 0',
            [['SRV', 'a:0']],
            'INVALID_CONNECTION',
            'invalid SRV records of _memcache._tcp.cache: expected a name and a port as the target',
        ],
    ])('rejects %s', async (_, reply, code, message) => {
        server.replies.set('SRV _memcache._tcp.cache', reply);
        await expect(resolve('memcached+srv://cache')).rejects.toMatchObject({ code, message });
    });

    it('stops asking when its signal aborts', async () => {
        server.replies.set('SRV _memcache._tcp.cache', 'silence');
        const controller = new AbortController();
        const source = new SrvSource('id', 'name', 'cache', { weight: 1, isTls: false });
        const looking = source.lookUp(null as never, controller.signal);
        await server.asked('SRV', 1);
        controller.abort();
        await expect(looking).rejects.toThrow(/DNS query SRV/);
        expect(server.count('SRV')).toBe(1);
    });
});

describe('memcached+dns', () => {
    it('finds IPv4 addresses, with the port of the uri', async () => {
        server.set('A', 'cache.example', '10.0.0.2', '10.0.0.1');
        server.set('AAAA', 'cache.example', '2001:db8::1');
        expect((await found('memcached+dns://cache.example:11212')).sort()).toEqual([
            '10.0.0.1:11212',
            '10.0.0.2:11212',
        ]);
        expect(asked()).toEqual(['A cache.example udp']);
    });

    it('finds IPv6 addresses only without IPv4', async () => {
        server.set('AAAA', 'cache.example', '2001:db8::2');
        expect(await found('memcached+dns://cache.example')).toEqual(['2001:db8::2:11211']);
    });

    it('verifies the name of the server over TLS as that of an address', async () => {
        server.set('A', 'cache', '10.0.0.1');
        const [one] = await resolve('memcacheds+dns://cache');
        expect(one!.tls).toMatchObject({ servername: undefined, rejectUnauthorized: true });
    });

    it.each<[DnsReply, string, RegExp]>([
        ['NXDOMAIN', 'NO_CONNECTION', /DNS has no name cache \(names must be complete/],
        [[], 'NO_CONNECTION', /DNS has no AAAA records of cache$/],
        ['SERVFAIL', 'CONNECT_FAILED', /DNS query A cache: the DNS server failed/],
    ])('rejects %j', async (reply, code, message) => {
        server.replies.set('A cache', reply);
        await expect(resolve('memcached+dns://cache')).rejects.toMatchObject({
            code,
            message: expect.stringMatching(message),
        });
    });

    it('does not ask for IPv6 when the query for IPv4 fails', async () => {
        server.replies.set('A cache', 'SERVFAIL');
        server.set('AAAA', 'cache', '2001:db8::2');
        const source = new AddressSource('id', 'name', 'cache', 11211, { weight: 1, isTls: false });
        await expect(source.lookUp(null as never, new AbortController().signal)).rejects.toThrow(/DNS query A/);
        expect(server.count('AAAA')).toBe(0);
    });
});
