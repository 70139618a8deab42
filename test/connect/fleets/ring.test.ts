import { ConfigParams } from 'pip-services4-components-node';
import { MemcachedConnectionResolver } from 'pip-services4-memcached-node';
import { HashRing } from '../../../src/client/cluster/ketama/HashRing';
import { useDns } from '../../support/useDns';

/**
 * The pod of each key: 'key:0', 'key:1' and so on, by libmemcached 1.1.4
 * (`memcached_generate_hash` with MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED).
 */
const PLACEMENT = [
    '202010112011121112022220220102001111101210120002200211120022102010002211202',
    '012211012202201210222000021210022210222221000010010021101010001111201111210',
    '102111122121101122002221222020211221000021212112110102201202011112210112022',
    '100111220122121021001220211111200010201102201111021011012120100121201102101',
].join('');

const dns = useDns();

it('places keys on SRV targets as libmemcached does on servers with these names', async () => {
    const targets = ['Pod-0.cache.ns.svc.cluster.local.:11211', 'pod-1.CACHE.ns.svc.cluster.local:11211'];
    dns.setSrv('cache', 'pod-2.cache.ns.svc.cluster.local:11311', ...targets);
    const resolver = new MemcachedConnectionResolver();
    resolver.configure(ConfigParams.fromTuples('connection.uri', 'memcached+srv://cache'));
    const servers = (await resolver.resolve(null)).map(({ host, port, weight = 1 }) => ({ host, port, weight }));
    const ring = new HashRing(servers);
    const pods = Array.from(PLACEMENT, (_, i) => servers[ring.find(`key:${i}`)]!.host[4]);
    expect(pods.join('')).toBe(PLACEMENT);
});
