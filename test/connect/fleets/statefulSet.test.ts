import type { MemcachedCache, MemcachedConnection } from 'pip-services4-memcached-node';
import { Descriptor } from 'pip-services4-components-node';
import { useOpener } from '../../support/Opener';
import { sleep } from '../../support/sleep';
import { useDns } from '../../support/useDns';
import { Pods, SERVICE, URI } from './Pods';

const SHARED = new Descriptor('test', 'connection', 'memcached', 'default', '1.0');
const KEYS = Array.from({ length: 2000 }, (_, i) => `key:${i}`);
const IN_FLIGHT = 64;

const dns = useDns();
const open = useOpener();
const { logger } = open;
let pods: Pods;
let connection: MemcachedConnection;
let cache: MemcachedCache;

beforeEach(async () => {
    pods = new Pods(dns, open);
    await pods.scaleUp(3);
    connection = open.connectionOf([], {
        'connection.uri': URI,
        discovery_interval: 50,
        retry: 50,
        failures: 2,
    });
    await connection.open(null);
    cache = await open.cache([], { max_size: 0 }, logger.references(SHARED, connection));
    await cache.storeMany(
        null,
        KEYS.map(key => [key, key] as const),
        600_000,
    );
});

/** Returns the server of each key. */
const homes = () => new Map(KEYS.map(key => [key, connection.getClient().homeServer(key).address]));
const inUse = () =>
    connection
        .getStats()
        .servers.map(({ address }) => address)
        .sort();
const addresses = (...indexes: number[]) => indexes.map(index => pods.address(index));

/** Retrieves keys, 64 at a time, until it is stopped. Counts misses and errors. */
class Load {
    calls = 0;
    misses = 0;
    readonly errors: string[] = [];
    private isOver = false;
    private readonly workers: Promise<void>[];

    constructor(private readonly keys: readonly string[]) {
        this.workers = Array.from({ length: IN_FLIGHT }, (_, i) => this.work(i));
    }

    async stop(): Promise<void> {
        this.isOver = true;
        await Promise.all(this.workers);
    }

    private async work(at: number): Promise<void> {
        for (; !this.isOver; at++) {
            this.calls++;
            const key = this.keys[at % this.keys.length]!;
            try {
                if ((await cache.retrieve(null, key)) === null) this.misses++;
            } catch (error) {
                this.errors.push((error as Error).message);
                // A call to a server that is down fails at once.
                await sleep(1);
            }
        }
    }
}

it.each([
    ['stays in DNS', () => {}],
    ['leaves DNS until it is back', () => pods.unlist(1)],
])('keeps the keys of a pod that returns under another address, and %s', async (_, unlist) => {
    const before = homes();
    const others = KEYS.filter(key => before.get(key) !== pods.address(1));
    const load = new Load(others);
    open.atEnd(() => load.stop());
    const caller = new Load(KEYS.filter(key => before.get(key) === pods.address(1)));
    open.atEnd(() => caller.stop());
    await pods.kill(1);
    unlist();
    await logger.heard(/pod-1.* is down|removed: pod-1/);
    const asked = dns.count('SRV');
    await dns.asked('SRV', asked + 3);
    await pods.replace(1);
    pods.list(3);
    while (!(await isAnswering(1))) await sleep(10);
    const { calls } = load;
    while (load.calls < calls + 1000) await sleep(1);
    await Promise.all([load.stop(), caller.stop()]);
    expect([load.errors, load.misses]).toEqual([[], 0]);
    expect(homes()).toEqual(before);
    expect(inUse()).toEqual(addresses(0, 1, 2));
});

/** Stores and retrieves a key of the pod. */
async function isAnswering(index: number): Promise<boolean> {
    const key = KEYS.find(one => connection.getClient().homeServer(one).address === pods.address(index));
    if (key === undefined) return false;
    const stored = await cache.store(null, key, 'again', 600_000).catch(() => null);
    return stored === 'again' && (await cache.retrieve(null, key).catch(() => null)) === 'again';
}

it('moves a share of the keys when it scales, and loses no other', async () => {
    const before = homes();
    const load = new Load(KEYS);
    open.atEnd(() => load.stop());
    await pods.scaleUp(4);
    await logger.heard(/added: pod-3/);
    const four = homes();
    const moved = KEYS.filter(key => four.get(key) !== before.get(key));
    expect(new Set(moved.map(key => four.get(key)))).toEqual(new Set(addresses(3)));
    expect(moved.length / KEYS.length).toBeLessThan(0.28);
    expect(moved.length / KEYS.length).toBeGreaterThan(0.15);
    await load.stop();
    expect(load.errors).toEqual([]);
    const staying = KEYS.filter(key => !moved.includes(key));
    const { found, missing } = await present(staying);
    expect([found, missing]).toEqual([staying.length, []]);

    pods.list(3);
    await logger.heard(/removed: pod-3/);
    expect(homes()).toEqual(before);
    expect(inUse()).toEqual(addresses(0, 1, 2));
    // Their values never left.
    expect((await present(KEYS)).missing).toEqual([]);
    expect(logger.count(/servers changed/)).toBe(2);
});

async function present(keys: readonly string[]): Promise<{ found: number; missing: string[] }> {
    const values = await cache.retrieveMany(null, [...keys]);
    return { found: values.size, missing: keys.filter(key => !values.has(key)) };
}

it('keeps a pod that DNS misses while it is up, until the third answer', async () => {
    pods.list(2);
    const asked = dns.count('SRV');
    await dns.asked('SRV', asked + 2);
    expect(inUse()).toEqual(addresses(0, 1, 2));
    await logger.heard(/removed: pod-2/);
    expect(dns.count('SRV')).toBeGreaterThanOrEqual(asked + 3);
    expect(inUse()).toEqual(addresses(0, 1));
});

it('asks at once when a pod goes down, and drops one that is gone', async () => {
    const slow = open.connectionOf([], { 'connection.uri': URI, discovery_interval: 60_000, retry: 50, failures: 1 });
    await slow.open(null);
    pods.unlist(2);
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
        expect(inUse()).toEqual(addresses(0, 1, 2));
        expect((await present(KEYS)).missing).toEqual([]);
        pods.list(3);
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
