import { useOpener } from '../../support/Opener';
import { sleep } from '../../support/sleep';
import { useDns } from '../../support/useDns';
import { KEYS, PodCache } from './PodCache';
import { Pods, SERVICE, URI } from './Pods';

const dns = useDns();
const open = useOpener();
const { logger } = open;
let pods: Pods;
let on: PodCache;

beforeEach(async () => {
    pods = new Pods(dns, open);
    await pods.scaleUp(3);
    on = await PodCache.open(open);
});

const addresses = (...indexes: number[]) => indexes.map(index => pods.address(index));

it('keeps a pod that DNS misses while it is up, until the third answer', async () => {
    await pods.list(2);
    const asked = dns.count('SRV');
    await dns.asked('SRV', asked + 2);
    expect(on.inUse()).toEqual(addresses(0, 1, 2));
    await logger.heard(/removed: pod-2/);
    expect(dns.count('SRV')).toBeGreaterThanOrEqual(asked + 3);
    expect(on.inUse()).toEqual(addresses(0, 1));
});

it('asks at once when a pod goes down, and drops one that is gone', async () => {
    const slow = open.connectionOf([], { 'connection.uri': URI, discovery_interval: 60_000, retry: 50, failures: 1 });
    await slow.open(null);
    await pods.unlist(2);
    await pods.kill(2);
    logger.clear();
    // The connection asks again within 5 s after open. The first one has its own interval.
    const client = slow.getClient();
    const gone = KEYS.find(key => client.homeServer(key).address === pods.address(2))!;
    await client.get(gone).catch(() => {});
    await logger.heard(/servers changed: removed: pod-2/, 2);
    expect(
        slow
            .getStats()
            .servers.map(({ address }) => address)
            .sort(),
    ).toEqual(addresses(0, 1));
    await client.get(gone);
});

it.each(['NXDOMAIN', 'SERVFAIL', 'garbage', [], 'silence'] as const)(
    'keeps the pods, and says so once, while DNS answers %j',
    async reply => {
        dns.replies.set(`SRV _memcache._tcp.${SERVICE}`, reply);
        await logger.heard(/lookup of memcached\+srv:\/\/cache.ns.svc.cluster.local failed, keeping its servers/);
        expect(on.inUse()).toEqual(addresses(0, 1, 2));
        expect(await on.missing(KEYS)).toEqual([]);
        await pods.list(3);
        await logger.heard(/lookup of .* works again/);
        expect(logger.lines).toHaveLength(2);
    },
);

it('keeps the keys of a plain name whose address changes under a running client', async () => {
    const [host, port] = pods.address(0).split(':') as [string, string];
    const plain = await open.cache([], { 'connection.host': host, 'connection.port': port, retry: 50, failures: 1 });
    await plain.store(null, 'key', 1, 60_000);
    await pods.kill(0);
    await plain.retrieve(null, 'key').catch(() => {});
    await pods.replace(0);
    while ((await plain.store(null, 'key', 2, 60_000).catch(() => null)) !== 2) await sleep(10);
    expect(await plain.retrieve(null, 'key')).toBe(2);
    expect(plain.getStats().servers.map(({ address }) => address)).toEqual([pods.address(0)]);
});
