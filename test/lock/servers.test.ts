import type { Lease, MemcachedClient } from 'pip-services4-memcached-node';
import { OrphanedLocks } from '../../src/lock/OrphanedLocks';
import { LockStore } from '../../src/lock/LockStore';
import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import { holding, passing } from '../support/proxy/FaultProxy';
import { readStat } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';
import { aborted } from './aborted';
import { storedIn } from './storedIn';

const open = useOpener();

/** Stores a foreign value under the key until it has this CAS. */
async function reach(client: MemcachedClient, cas: bigint): Promise<void> {
    do await client.set('key', 'theirs');
    while ((await client.gets('key')).cas < cas);
    expect((await client.gets('key')).cas).toBe(cas);
}

/** Stores more than 2 MB. Reads no lock, because a read protects it from eviction. */
async function overfill(client: MemcachedClient): Promise<void> {
    for (let i = 0; i < 60; i++) {
        await client.setMany(Array.from({ length: 1000 }, (_, j) => [`fill:${i}:${j}`, 'x'.repeat(20)] as const));
    }
}

describe('a restarted server', () => {
    it('has lost the lock, so that extend returns false and release has no effect', async () => {
        const server = await open.server();
        const lock = await open.lock(server, { failures: 100 });
        const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        await lock.acquireLock(null, 'other', 60_000);
        await server.restart();
        await lock.releaseLock(null, 'other');
        expect(await lease.extend()).toBe(false);
        expect(lease.isHeld()).toBe(false);
        await lease.release();
        expect(lock.counts).toMatchObject({ lost: 2, released: 0, releaseFailures: 0 });
    });

    it('begins again with small fencing tokens', async () => {
        const server = await open.server();
        const lock = await open.lock(server, { failures: 100 });
        let before = 0n;
        for (let i = 0; i < 20; i++) {
            const lease = await lock.acquireLease(null, 'key', 60_000, 0);
            before = lease.fencingToken;
            await lease.release();
        }
        await server.restart();
        const lease = await lock.acquireLease(null, 'key', 60_000, 0);
        expect(lease.fencingToken).toBeLessThan(before);
        await lease.release();
    });

    it.each([
        ['release', 'by an idle lease'],
        ['extend', 'by an idle lease'],
        ['release', 'by one whose component is busy'],
        ['extend', 'by one whose component is busy'],
    ] as const)('keeps the lock of a holder that gets the same CAS, despite a %s %s', async (verb, who) => {
        const server = await open.server();
        const lock = await open.lock(server, { failures: 100, idle: 60_000 });
        const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        await server.restart();
        const client = await open.client(server);

        // The lock of another holder gets the CAS of this lock.
        await reach(client, lease.fencingToken);
        if (who === 'by one whose component is busy')
            await Promise.all([lock.tryAcquireLock(null, 'a', 1000), lease[verb]()]);
        await lease[verb]();
        expect(await client.gets('key')).toMatchObject({ cas: lease.fencingToken, value: Buffer.from('theirs') });
    });

    it('keeps the lock of the next holder while a release is pending', async () => {
        for (let round = 0; round < 10; round++) {
            const server = await open.server();
            const lock = await open.lock(server, { failures: 1000, reconnect: 20, request_timeout: 3000 });
            const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
            const killed = server.kill();
            const releasing = Promise.all([codeOf(lease.extend()), codeOf(lease.release())]);
            await killed;
            await server.restart();
            const client = await open.client(server);
            await reach(client, lease.fencingToken);
            await releasing;
            expect(await storedIn(server)('key')).toBe('theirs');
        }
    });
});

describe('a server without CAS (-C)', () => {
    it('rejects every lock, and keeps no lock', async () => {
        const server = await open.server({ withoutCas: true });
        const lock = await open.lock(server);
        const client = await open.client(server);
        for (const call of [
            lock.tryAcquireLock('trace-1', 'key', 1000),
            lock.acquireLock('trace-1', 'other', 1000, 5000),
            lock.withLock('trace-1', 'third', {}, () => 'worked'),
        ]) {
            await expect(call).rejects.toMatchObject({
                code: 'CAS_DISABLED',
                trace_id: 'trace-1',
                message: expect.stringContaining(server.address),
            });
        }
        expect((await client.getMany(['key', 'other', 'third'])).items.size).toBe(0);
        await client.set('key', 'theirs');
        expect(await lock.tryAcquireLock(null, 'key', 1000)).toBe(false);
        expect(await storedIn(server)('key')).toBe('theirs');
    });

    it('keeps the lock on the next server when it answers after its removal from the list', async () => {
        const [server, next] = [await open.server({ withoutCas: true }), await open.server()];
        const proxy = await open.faultProxy(server);
        const client = await open.client(proxy);
        const connection = { commands: client.commands, options: { allowProxy: false } };
        const store = new LockStore(connection, new OrphanedLocks(connection, () => {}));
        proxy.begin(holding);
        const asked = proxy.replyFrames;
        const taking = codeOf(store.acquire('key', 60_000));
        await proxy.until(({ replyFrames }) => replyFrames > asked);
        client.update([{ host: next.host, port: next.port }]);
        await client.set('key', 'theirs');
        proxy.begin(passing);
        expect(await taking).toBe('CAS_DISABLED');
        expect(await storedIn(next)('key')).toBe('theirs');
    });

    it('keeps every lock when it replaces a server with CAS', async () => {
        const server = await open.server();
        const lock = await open.lock(server, { failures: 100 });
        const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        const { port } = server;
        await server.end();
        const other = await open.server({ withoutCas: true, port });
        const client = await open.client(other);
        await client.set('key', 'theirs');
        expect(await lease.extend()).toBe(false);
        await lease.release();
        expect(await storedIn(other)('key')).toBe('theirs');
    });
});

describe('a full server', () => {
    it('rejects a lock without eviction (-M), instead of reporting it as busy', async () => {
        const server = await open.server({ withoutEviction: true, memoryMegabytes: 2 });
        const lock = await open.lock(server);
        const stored = storedIn(server);
        const keys: string[] = [];
        let outcome = 'answered true';
        for (let i = 0; outcome === 'answered true'; i++) {
            const key = `${i}`.padEnd(200, 'x');
            keys.push(key);
            outcome = await codeOf(lock.tryAcquireLock('trace-1', key, 3_600_000));
        }
        expect(outcome).toBe('SERVER_ERROR');
        expect(keys.length).toBeGreaterThan(100);
        const last = keys.pop()!;
        await expect(lock.acquireLock('trace-1', last, 1000, 5000)).rejects.toMatchObject({
            code: 'SERVER_ERROR',
            trace_id: 'trace-1',
            details: { status: String(0x82) },
        });
        // The server keeps the held locks. The full server may reject an extension, but accepts a
        // release.
        const held = keys[0]!;
        expect(await stored(held)).not.toBeNull();
        expect(await codeOf(lock.extendLock(null, held))).toMatch(/^(answered true|SERVER_ERROR)$/);
        expect(await stored(held)).not.toBeNull();
        await lock.releaseLock(null, held);
        expect(await stored(held)).toBeNull();
        await Promise.all(keys.slice(0, 50).map(key => lock.releaseLock(null, key)));
        expect(await lock.tryAcquireLock(null, last, 1000)).toBe(true);
    });

    it('keeps 20 held locks without eviction (-M), despite 300 attempts of other clients', async () => {
        const server = await open.server({ withoutEviction: true, memoryMegabytes: 2 });
        const [lock, others] = [await open.lock(server), await open.lock(server)];
        const keyOf = (i: number): string => `${i}`.padEnd(200, 'x');
        const held: Lease[] = [];
        for (let i = 0; i < 20; i++) held.push(await lock.acquireLease(null, keyOf(i), 3_600_000, 0));
        // Tokens differ in length, so a single rejection does not prove that the server is full.
        for (let i = 20, rejections = 0; rejections < 20; i++) {
            if ((await codeOf(others.tryAcquireLock(null, keyOf(i), 3_600_000))) === 'SERVER_ERROR') rejections++;
        }
        const attempts = Array.from({ length: 300 }, (_, i) =>
            codeOf(others.tryAcquireLock(null, keyOf(i % 20), 3_600_000)),
        );
        expect(new Set(await Promise.all(attempts))).toEqual(new Set(['SERVER_ERROR']));
        for (const lease of held) expect(await storedIn(server)(lease.key)).toBe(lease.token);
        await Promise.all(held.map(lease => lease.release()));
        expect(lock.counts).toMatchObject({ released: 20, lost: 0 });
    });

    it('rejects extensions without eviction (-M), and keeps each lock until its ttl is over', async () => {
        const server = await open.server({ withoutEviction: true, memoryMegabytes: 2 });
        const lock = await open.lock(server);
        const keyOf = (i: number): string => `${i}`.padEnd(200, 'x');
        const leases: Lease[] = [];
        const reason = await lock.withLock(null, keyOf(0), { ttl: 2000 }, async (signal, lease) => {
            let outcome = 'answered ';
            for (let i = 1; outcome.startsWith('answered'); i++) {
                outcome = await codeOf(
                    lock.acquireLease(null, keyOf(i), 3_600_000, 0).then(held => void leases.push(held)),
                );
            }
            expect(outcome).toBe('SERVER_ERROR');
            const held = leases[0]!;
            expect(await codeOf(held.extend())).toBe('SERVER_ERROR');
            expect([held.isHeld(), await storedIn(server)(held.key)]).toEqual([true, held.token]);
            const why = await aborted(signal);
            // The server keeps the lock up to three seconds longer than its holder believes.
            expect(await storedIn(server)(keyOf(0))).toBe(lease.token);
            return why;
        });
        expect(reason).toMatchObject({ code: 'LOCK_LOST' });
        // A release makes room for an extension.
        expect(await storedIn(server)(keyOf(0))).toBeNull();
        expect(await leases[0]!.extend()).toBe(true);
    });

    it('evicts locks when eviction is on, and each holder detects the loss', async () => {
        const server = await open.server({ memoryMegabytes: 2 });
        const lock = await open.lock(server);
        const client = await open.client(server);
        const lease = (await lock.tryAcquireLease(null, 'key', 3_600_000))!;
        await overfill(client);
        expect(await lease.extend()).toBe(false);
        expect(open.logger.warnings.length).toBe(1);
    });

    it('evicts no lock whose ttl is below its temporary_ttl', async () => {
        const server = await open.server({ memoryMegabytes: 2, args: ['-o', 'temporary_ttl=3600'] });
        const lock = await open.lock(server);
        const client = await open.client(server);
        const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        await overfill(client);
        expect(await readStat(server, 'evictions')).toBeGreaterThan(0);
        expect(await lease.extend()).toBe(true);
        await lease.release();
    });
});

describe('a suspended server', () => {
    it('leaves no lock behind when it executes a request late', async () => {
        const server = await open.server();
        const lock = await open.lock(server, { request_timeout: 200 });
        await server.stop();
        expect(await codeOf(lock.tryAcquireLock(null, 'key', 3_600_000))).toBe('TIMEOUT');
        server.continue();
        while (lock.counts.orphansDeleted === 0) await sleep(20);
        expect(await storedIn(server)('key')).toBeNull();
    });
});

describe('a fleet of servers', () => {
    it('keeps each lock on its own server, even with `remove` while that server is down', async () => {
        const [one, two] = await Promise.all([open.server(), open.server()]);
        const options = { remove: 'true', failures: 1, retry: 60_000, request_timeout: 500 };
        const lock = await open.lock([one, two], options);
        const keys = Array.from({ length: 40 }, (_, i) => `key:${i}`);
        for (const key of keys) expect(await lock.tryAcquireLock(null, key, 60_000)).toBe(true);
        await one.kill();
        const outcomes = new Map<string, number>();
        for (const key of keys) {
            const outcome = await codeOf(lock.tryAcquireLock(null, key, 60_000));
            outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
        // Locks on the live server are busy, and locks on the dead server are unavailable. No call
        // acquires a held lock.
        expect(outcomes.get('answered true')).toBeUndefined();
        expect(outcomes.get('answered false')).toBeGreaterThan(0);
        expect(outcomes.get('answered false')).toBeLessThan(keys.length);
    });
});
