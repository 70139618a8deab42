import { Descriptor } from 'pip-services4-components-node';
import { ConnectionParams } from 'pip-services4-config-node';
import { useOpener, useServer } from '../../support/Opener';
import { ClusterEndpoint } from '../../support/server/ClusterEndpoint';
import { useDns } from '../../support/useDns';

const dns = useDns();
const open = useOpener();
const { logger } = open;
const server = useServer();
const KEYED = { 'connection.discovery_key': 'memcached' };

/** Returns references to a discovery that returns a uri. */
function discoveryOf(uri: string) {
    const discovery = { resolveAll: () => Promise.resolve([ConnectionParams.fromTuples('uri', uri)]) };
    return logger.references(new Descriptor('test', 'discovery', 'fixed', 'default', '1.0'), discovery);
}

beforeEach(() => {
    dns.setSrv('cache', `pod-0.cache:${server.port}`);
    dns.set('A', 'pod-0.cache', '127.0.0.1');
});

describe('a host with several addresses', () => {
    const warning = /several addresses/;

    it('is reported once at open, by name', async () => {
        dns.set('A', 'cache.example', '127.0.0.1', '127.0.0.2');
        await open.cache([], {
            'connection.uri': `memcached://cache.example:${server.port},cache.example:${server.port}`,
        });
        await logger.heard(warning);
        expect(logger.lines).toEqual([
            'warn cache.example has several addresses, and each connection may reach another server (use memcached+srv:// or memcached+dns://)',
        ]);
    });

    it('is reported if discovery returns it', async () => {
        dns.set('A', 'cache.example', '127.0.0.1', '127.0.0.2');
        await open.cache([], KEYED, discoveryOf(`memcached://cache.example:${server.port}`));
        await logger.heard(warning);
    });

    it.each<[string, () => unknown]>([
        ['one address of each family', () => [dns.set('A', 'a', '127.0.0.1'), dns.set('AAAA', 'a', '::1')]],
        ['one address twice', () => dns.set('A', 'a', '127.0.0.1', '127.0.0.1')],
    ])('is none with %s', async (_, setRecords) => {
        setRecords();
        // The names are asked in this order, so the warning of the last one ends the wait.
        dns.set('A', 'z', '127.0.0.1', '127.0.0.2');
        await open.cache([], {
            'connection.uri': `memcached://a:${server.port},127.0.0.1:${server.port},z:${server.port}`,
        });
        await logger.heard(warning);
        expect(logger.lines).toHaveLength(1);
        expect(logger.lines[0]).toMatch(/^warn z has/);
    });

    it('does not delay open, nor is it reported after close', async () => {
        dns.set('A', 'one', '127.0.0.1');
        dns.replies.set('A cache.example', 'silence');
        const cache = await open.cache([], {
            'connection.uri': `memcached://one:${server.port},cache.example:1`,
            connect_timeout: 100,
            request_timeout: 100,
        });
        await cache.close(null);
        expect(logger.count(warning)).toBe(0);
    });
});

it('reports a cluster endpoint without +cluster', async () => {
    const host = 'mycache.abc123.cfg.use1.cache.amazonaws.com';
    dns.set('A', host, '127.0.0.1');
    await open.cache([], { 'connection.host': host, 'connection.port': server.port });
    expect(logger.lines).toEqual([
        `warn ${host}:${server.port} is a cluster endpoint, and may lead to another server later (use memcached+cluster://)`,
    ]);
});

describe('a lock', () => {
    const warning =
        'warn a lock is lost when its key moves to another server (options.discovery_interval: 0 keeps the servers)';

    async function settingsOf(scheme: string): Promise<Record<string, unknown>> {
        if (scheme === 'srv') return { 'connection.uri': 'memcached+srv://cache' };
        if (scheme === 'dns') return { 'connection.uri': `memcached+dns://pod-0.cache:${server.port}` };
        const endpoint = await open.ending(ClusterEndpoint.start());
        endpoint.lists(1, server);
        return { 'connection.uri': `memcached+cluster://127.0.0.1:${endpoint.port}` };
    }

    it.each(['srv', 'dns', 'cluster'])('is reported at open with +%s, unless the servers stay', async scheme => {
        const settings = await settingsOf(scheme);
        await open.lock([], settings);
        expect(logger.lines).toEqual([warning]);
        await open.lock([], { ...settings, discovery_interval: 0 });
        await open.cache([], settings);
        expect(logger.lines).toEqual([warning]);
    });

    it('is reported if discovery returns such a uri, although discovery itself is not asked again', async () => {
        await open.lock([], KEYED, discoveryOf(`memcached://127.0.0.1:${server.port}`));
        expect(logger.lines).toEqual([]);
        await open.lock([], KEYED, discoveryOf('memcached+srv://cache'));
        expect(logger.lines).toEqual([warning]);
    });
});

it('follows what a discovery returns', async () => {
    const cache = await open.cache([], { ...KEYED, discovery_interval: 30 }, discoveryOf('memcached+srv://cache'));
    await cache.store(null, 'key', 1, 60_000);
    const other = await open.server();
    dns.setSrv('cache', `pod-0.cache:${server.port}`, `pod-1.cache:${other.port}`);
    dns.set('A', 'pod-1.cache', '127.0.0.1');
    await logger.heard(/servers changed: added: pod-1.cache/);
    expect(cache.getStats().servers).toHaveLength(2);
});

it('combines sources and servers, of which each keeps its own while others fail', async () => {
    const [other, third] = [await open.server(), await open.server()];
    const endpoint = await open.ending(ClusterEndpoint.start());
    endpoint.lists(1, other);
    const cache = await open.cache([], {
        'connections.0.uri': 'memcached+srv://cache',
        'connections.1.uri': `memcached+cluster://127.0.0.1:${endpoint.port}`,
        'connections.2.host': third.host,
        'connections.2.port': third.port,
        discovery_interval: 30,
    });
    const addresses = () =>
        cache
            .getStats()
            .servers.map(({ address }) => address)
            .sort();
    expect(addresses()).toEqual([other.address, third.address, `pod-0.cache:${server.port}`].sort());
    endpoint.reply = 'ERROR\r\n';
    dns.setSrv('cache', `pod-0.cache:${server.port}`, `pod-1.cache:${server.port}`);
    dns.set('A', 'pod-1.cache', '127.0.0.1');
    await logger.heard(/added: pod-1/);
    await logger.heard(/cluster.*failed/);
    expect(addresses()).toEqual(
        [other.address, third.address, `pod-0.cache:${server.port}`, `pod-1.cache:${server.port}`].sort(),
    );
});
