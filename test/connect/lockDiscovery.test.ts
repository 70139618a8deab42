import { Descriptor } from 'pip-services4-components-node';
import type { MemcachedLock } from 'pip-services4-memcached-node';
import { useOpener } from '../support/Opener';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import type { Settings } from '../support/settings';
import { ChangingDiscovery, followed, placeOf } from './ChangingDiscovery';

const SHARED = new Descriptor('test', 'connection', 'memcached', 'default', '1.0');

const open = useOpener();
const { logger } = open;
/** Each test has new servers, so that both begin with the same CAS number. */
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

    it('warns at open that its own polling connection is not for locks', async () => {
        const lock = await openLock();
        await lock.open(null);
        expect(logger.count(warning)).toBe(1);
    });

    it('warns of a shared connection too, but not for a cache or without polling', async () => {
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

    it('loses its lease when the key moves, and neither extends nor releases the lease of the next holder', async () => {
        const [lock, other] = [await openLock(), await openLock()];
        const lease = (await lock.tryAcquireLease(null, 'key', 10_000))!;
        discovery.places = [placeOf(servers[1])];
        await logger.heard(/servers changed/, 2);
        const next = (await other.tryAcquireLease(null, 'key', 10_000))!;
        expect(next).not.toBeNull();
        // Both servers are new, so they assign the same CAS numbers.
        expect(next.fencingToken).toBe(lease.fencingToken);
        expect(await lease.extend(10_000)).toBe(false);
        await lease.release();
        expect(await next.extend(10_000)).toBe(true);
        await next.release();
        expect(await lock.tryAcquireLock(null, 'key', 10_000)).toBe(true);
    });

    it('does not use the CAS of the new server when the key moves during the acquisition', async () => {
        const lock = await openLock();
        await open.stop(servers[0]);
        const acquiring = lock.tryAcquireLease(null, 'key', 10_000);
        discovery.places = [placeOf(servers[1])];
        await logger.heard(/servers changed/);
        // Another process holds the key on its new server, with the same CAS.
        const client = await open.client(servers[1]);
        const cas = await client.casAdd('key', 'of another', {});
        // The socket to the new server is already open, so no new connection reveals the move.
        await lock.tryAcquireLock(null, 'other', 10_000);
        servers[0].continue();
        const lease = (await acquiring)!;
        expect(lease.fencingToken).toBe(cas);
        expect(await lease.extend(10_000)).toBe(false);
        await lease.release();
        expect((await client.get('key')).value!.toString()).toBe('of another');
    });
});
