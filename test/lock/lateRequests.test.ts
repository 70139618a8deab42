import { once } from 'node:events';
import { connect } from 'node:net';
import { useOpener, useServer } from '../support/Opener';
import type { FaultProxy } from '../support/proxy/FaultProxy';
import { verbOf } from '../support/proxy/messages';
import type { Verb } from '../support/proxy/verbs';
import { sleep } from '../support/sleep';
import { lockBehindProxy } from './lockBehindProxy';
import { storedIn } from './storedIn';

const server = useServer();
const open = useOpener();
const stored = storedIn(server);

describe('a late request', () => {
    /**
     * Delays the next request with this verb, as a suspended server does, and ends its
     * connection.
     * Returns a function that delivers the request and resolves when the server has executed it.
     */
    function delayNext(proxy: FaultProxy, verb: Verb): () => Promise<void> {
        let late: Buffer | null = null;
        proxy.begin({
            request(link, chunk) {
                if (verbOf(chunk) !== verb || late !== null) return link.toServer(chunk);
                late = chunk;
                link.end();
            },
        });
        return async () => {
            const socket = connect(server.port, server.host);
            socket.end(late!);
            await once(socket, 'data');
        };
    }

    it('has no effect when its own retry has taken the lock', async () => {
        const { lock, proxy } = await lockBehindProxy(open, server);
        const deliver = delayNext(proxy, 'add');
        const lease = (await lock.tryAcquireLease(null, open.key, 60_000))!;
        await deliver();
        expect(await stored(open.key)).toBe(lease.token);
        expect(await lease.extend()).toBe(true);
        await lease.release();
        expect(await stored(open.key)).toBeNull();
    });

    it('leaves no lock behind when it creates a lock after the release', async () => {
        const { lock, proxy } = await lockBehindProxy(open, server);
        const deliver = delayNext(proxy, 'add');
        const lease = (await lock.tryAcquireLease(null, open.key, 60_000))!;
        await lease.release();
        await deliver();
        while (lock.counts.orphansDeleted === 0) await sleep(20);
        expect(lock.counts.orphansDeleted).toBe(1);
        expect(await stored(open.key)).toBeNull();
    });

    it('does not revive a lease when it creates a lock after the lease of another holder', async () => {
        const { lock, proxy } = await lockBehindProxy(open, server);
        const client = await open.client(server);
        const deliver = delayNext(proxy, 'add');
        const lease = (await lock.tryAcquireLease(null, open.key, 60_000))!;
        // A client flushes the server, another client holds the lock for a while, and then the
        // request arrives.
        await client.flush();
        await client.set(open.key, 'somebody');
        await client.delete(open.key);
        await deliver();
        expect(await stored(open.key)).not.toBeNull();
        expect(await lease.extend()).toBe(false);
        expect(lease.isHeld()).toBe(false);
    });

    it('has no effect when it extends a lock after its release', async () => {
        const { lock, proxy } = await lockBehindProxy(open, server);
        const lease = (await lock.tryAcquireLease(null, open.key, 60_000))!;
        const deliver = delayNext(proxy, 'cas');
        expect(await lease.extend()).toBe(true);
        await lease.release();
        await deliver();
        expect(await stored(open.key)).toBeNull();
    });

    it('does not restore a short ttl after a later extension', async () => {
        const { lock, proxy } = await lockBehindProxy(open, server);
        const client = await open.client(server);
        const lease = (await lock.tryAcquireLease(null, open.key, 60_000))!;
        const deliver = delayNext(proxy, 'cas');
        expect(await lease.extend(100)).toBe(true);
        expect(await lease.extend(60_000)).toBe(true);
        await deliver();
        const { cas } = await client.gets(open.key);
        expect(await lease.extend(60_000)).toBe(true);
        expect((await client.gets(open.key)).cas).not.toBe(cas);
        await lease.release();
    });

    it('does not release the lock of the next holder', async () => {
        const { lock, proxy } = await lockBehindProxy(open, server);
        const client = await open.client(server);
        await lock.acquireLock(null, open.key, 60_000, 0);
        const deliver = delayNext(proxy, 'delete');
        await lock.releaseLock(null, open.key);
        await client.add(open.key, 'somebody');
        await deliver();
        expect(await stored(open.key)).toBe('somebody');
    });
});
