import { Descriptor } from 'pip-services4-components-node';
import type { MemcachedLock } from 'pip-services4-memcached-node';
import { useOpener } from '../support/Opener';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import type { Settings } from '../support/settings';
import { ChangingDiscovery, followed, placeOf } from './ChangingDiscovery';

const SHARED = new Descriptor('test', 'connection', 'memcached', 'default', '1.0');

const open = useOpener();
const { logger } = open;
/** Each test has its own: they count the CAS alike. */
let servers: [MemcachedProcess, MemcachedProcess];
let discovery: ChangingDiscovery;

beforeEach(async () => {
    servers = [await open.server(), await open.server()];
    discovery = new ChangingDiscovery();
    discovery.places = [placeOf(servers[0])];
});

const openLock = (settings: Settings = {}): Promise<MemcachedLock> =>
    open.lock([], { ...followed, ...settings }, discovery.references(logger));

describe('a lock on a connection that follows discovery', () => {
    const warning = /^warn a lock is lost when its key moves/;

    it('of its own says at open that it is not for locks', async () => {
        const lock = await openLock();
        await lock.open(null);
        expect(logger.count(warning)).toBe(1);
    });

    it('of others too, and a cache says nothing, nor a lock when discovery is asked once', async () => {
        const connection = open.connectionOf([], followed, discovery.references(logger));
        await connection.open(null);
        const references = logger.references(SHARED, connection);
        await open.cache([], {}, references);
        const lock = open.lockOf([], {}, references);
        expect(logger.lines).toEqual([]);
        await Promise.all([lock.open(null), lock.open(null)]);
        expect(logger.count(warning)).toBe(1);

        await openLock({ discovery_interval: 0 });
        expect(logger.count(warning)).toBe(1);
    });

    it('whose key gets another server is lost: it extends and releases nothing of the next holder', async () => {
        const [lock, other] = [await openLock(), await openLock()];
        const lease = (await lock.tryAcquireLease(null, 'key', 10_000))!;
        discovery.places = [placeOf(servers[1])];
        await logger.heard(/servers changed/, 2);
        const next = (await other.tryAcquireLease(null, 'key', 10_000))!;
        expect(next).not.toBeNull();
        // The servers are new: what they count is alike.
        expect(next.fencingToken).toBe(lease.fencingToken);
        expect(await lease.extend(10_000)).toBe(false);
        await lease.release();
        expect(await next.extend(10_000)).toBe(true);
        await next.release();
        expect(await lock.tryAcquireLock(null, 'key', 10_000)).toBe(true);
    });

    it('whose key gets another server while it is acquired does not take the CAS for one of that server', async () => {
        const lock = await openLock();
        await open.stop(servers[0]);
        const acquiring = lock.tryAcquireLease(null, 'key', 10_000);
        discovery.places = [placeOf(servers[1])];
        await logger.heard(/servers changed/);
        // Another process holds it where it belongs now, under the same CAS.
        const client = await open.client(servers[1]);
        const cas = await client.casAdd('key', 'of another', {});
        // Its socket to that server is there, so that no new one gives it away.
        await lock.tryAcquireLock(null, 'other', 10_000);
        servers[0].continue();
        const lease = (await acquiring)!;
        expect(lease.fencingToken).toBe(cas);
        expect(await lease.extend(10_000)).toBe(false);
        await lease.release();
        expect((await client.get('key')).value!.toString()).toBe('of another');
    });
});
