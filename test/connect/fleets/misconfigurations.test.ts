import { useOpener } from '../../support/Opener';
import { useDns } from '../../support/useDns';
import { openError } from '../opening';

const dns = useDns();
const open = useOpener();

const uri = (text: string, protocol?: string) => ({
    'connection.uri': text,
    ...(protocol === undefined ? {} : { 'connection.protocol': protocol }),
});
const host = (text: string, protocol: string, port?: number) => ({
    'connection.host': text,
    'connection.protocol': protocol,
    ...(port === undefined ? {} : { 'connection.port': port }),
});

it.each<[string, Record<string, unknown>, string]>([
    [
        'a port with +srv',
        uri('memcached+srv://cache.example:11211'),
        'invalid connection with memcached+srv: expected no port, because the SRV records have it',
    ],
    [
        'a port beside a host with +srv',
        host('cache.example', 'memcacheds+srv', 11211),
        'invalid connection with memcacheds+srv: expected no port, because the SRV records have it',
    ],
    [
        'an address with +srv',
        uri('memcached+srv://10.0.0.1'),
        'invalid connection with memcached+srv: expected a name, not an address',
    ],
    [
        'an address with +dns',
        uri('memcached+dns://[2001:db8::1]:11211'),
        'invalid connection with memcached+dns: expected a name, not an address',
    ],
    [
        'a name that DNS cannot have',
        uri('memcached+srv://cache..example'),
        'invalid connection with memcached+srv: expected a DNS name: labels of up to 63 characters',
    ],
    [
        'several names with +srv',
        uri('memcached+srv://a,b'),
        'invalid connection with memcached+srv: expected one name, and further names in connections',
    ],
    [
        'several names with +dns',
        uri('memcached+dns://a:1,b:2'),
        'invalid connection with memcached+dns: expected one name, and further names in connections',
    ],
    [
        'several endpoints',
        uri('memcached+cluster://a:1,b:2'),
        'invalid connection with memcached+cluster: expected one name, and further names in connections',
    ],
    [
        'an unknown way to find servers',
        uri('memcached+consul://a'),
        'invalid uri scheme memcached+consul://: expected memcached:// or memcacheds://, alone or with +srv, +dns or +cluster, or unix://',
    ],
    [
        'an unknown protocol',
        host('a', 'memcached+consul'),
        'invalid protocol memcached+consul: expected tcp or tls, or memcached or memcacheds with +srv, +dns or +cluster',
    ],
    [
        'another way beside a uri',
        uri('memcached://a', 'memcached+srv'),
        'invalid uri beside protocol memcached+srv: expected memcached+srv://',
    ],
    [
        'TLS beside a uri without it',
        uri('memcached+srv://a', 'tls'),
        'invalid uri beside protocol tls: expected memcacheds+srv://',
    ],
    [
        'TLS and another way beside a uri',
        uri('memcacheds+dns://a', 'memcacheds+srv'),
        'invalid uri beside protocol memcacheds+srv: expected memcacheds+srv://',
    ],
    [
        'the prefix dns+',
        { 'connection.host': 'dns+cache.example:11211' },
        'invalid host with dns+: expected uri: memcached+dns://name:port',
    ],
    [
        'the prefix dnssrv+',
        { 'connection.host': 'dnssrv+_memcache._tcp.cache.example' },
        'invalid host with dnssrv+: expected uri: memcached+srv://_port._tcp.name',
    ],
    [
        'the prefix dnssrvnoa+',
        { 'connection.host': 'dnssrvnoa+_memcache._tcp.cache.example' },
        'invalid host with dnssrvnoa+: expected uri: memcached+srv://_port._tcp.name',
    ],
])('rejects %s, without a question to DNS', async (_, config, message) => {
    expect(await openError(open, config)).toMatchObject({ code: 'INVALID_CONNECTION', trace_id: 'trace', message });
    expect(dns.questions).toEqual([]);
});

it.each([
    ['memcacheds+srv://a', 'tls'],
    ['memcacheds+srv://a', 'memcached+srv'],
    ['memcached+srv://a', 'tcp'],
    ['memcached+srv://a', 'memcached'],
])('accepts %s beside protocol %s', async (text, protocol) => {
    expect(await openError(open, uri(text, protocol))).toMatchObject({ code: 'NO_CONNECTION' });
    expect(dns.count('SRV')).toBe(1);
});

it('rejects the SRV records of a service with several ports, and names the way out', async () => {
    dns.setSrv('cache.example', 'pod-0.cache.example:11211', 'pod-0.cache.example:9150');
    expect(await openError(open, uri('memcached+srv://cache.example'))).toMatchObject({
        code: 'INVALID_CONNECTION',
        trace_id: 'trace',
        message:
            'invalid SRV records of _memcache._tcp.cache.example: expected one port of pod-0.cache.example, ' +
            'not 11211 and 9150 (name the port: memcached+srv://_port._tcp.cache.example)',
    });
});

it('quotes no password', async () => {
    for (const scheme of ['srv', 'dns', 'cluster']) {
        const { message } = await openError(open, uri(`memcached+${scheme}://ann:hunter2@a..b`));
        expect(message).not.toMatch(/hunter2|ann:/);
    }
    expect(JSON.stringify(open.logger.lines)).not.toMatch(/hunter2/);
});
