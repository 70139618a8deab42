import { connect } from 'node:net';
import type { Lease, MemcachedLock } from 'pip-services4-memcached-node';
import { useOpener, useServer } from '../support/Opener';
import { passing, type Fault, type Link } from '../support/proxy/FaultProxy';
import { randomOf } from '../support/random';
import { sleep } from '../support/sleep';
import { soakMs } from './soakMs';

const TTL_MS = 60_000;
const RUN_MS = soakMs(6000);
const FAULTY = 0.15;

const server = useServer();
const open = useOpener();
const random = randomOf('monkey');

/**
 * Returns a fault that may lose a request or its reply, halve the reply, or deliver the request
 * late.
 */
function monkey(port: number, happened: Map<string, number>): Fault {
    const broken = new WeakMap<Link, 'swallow' | 'half'>();
    const note = (what: string): void => void happened.set(what, (happened.get(what) ?? 0) + 1);
    const deliverLate = (chunk: Buffer): void => {
        setTimeout(() => {
            const socket = connect(port, '127.0.0.1', () => socket.end(chunk));
            socket.on('error', () => {});
            socket.resume();
        }, random() * 150);
    };
    const reset = (link: Link): void => void setTimeout(() => link.reset(), random() * 4);
    return {
        request(link, chunk) {
            if (broken.has(link)) return;
            const dice = random() / FAULTY;
            if (dice >= 1) return link.toServer(chunk);
            if (dice < 0.2) {
                note('request lost');
                broken.set(link, 'swallow');
                reset(link);
            } else if (dice < 0.4) {
                note('request late');
                broken.set(link, 'swallow');
                deliverLate(Buffer.from(chunk));
                reset(link);
            } else if (dice < 0.65) {
                note('reply lost');
                broken.set(link, 'swallow');
                link.toServer(chunk);
                reset(link);
            } else if (dice < 0.9) {
                note('half a reply');
                broken.set(link, 'half');
                link.toServer(chunk);
            } else {
                note('silence');
                broken.set(link, 'swallow');
                if (random() < 0.5) link.toServer(chunk);
            }
        },
        reply(link, frame) {
            const how = broken.get(link);
            if (how === undefined) return link.toClient(frame);
            if (how === 'half') {
                broken.set(link, 'swallow');
                link.toClient(frame.subarray(0, Math.floor(random() * frame.length)));
                reset(link);
            }
        },
    };
}

describe('MemcachedLock with connections that break at every seventh request', () => {
    it('never shares a key between two instances, releases only its own locks, and leaves no lock behind', async () => {
        const client = await open.client(server);
        const proxy = await open.faultProxy(server);
        const options = { request_timeout: 60, retry: 50, reconnect: 20, failures: 10, retries: 2, retry_timeout: 10 };
        // On a busy machine, the first reply may take longer than the short timeout.
        const openLock = (tries = 5): Promise<MemcachedLock> =>
            open.lock(proxy, options).catch((error: unknown) => {
                if (tries === 1) throw error;
                return openLock(tries - 1);
            });
        const one = await openLock();
        const two = await openLock();
        const happened = new Map<string, number>();
        const holders = new Map<string, Lease>();
        const problems: string[] = [];
        const lastTokens = new Map<string, bigint>();
        const end = performance.now() + RUN_MS;
        let steps = 0;

        const hold = async (key: string, lease: Lease): Promise<void> => {
            const other = holders.get(key);
            if (other?.isHeld()) problems.push(`${key}: two hold it`);
            if (lease.fencingToken <= (lastTokens.get(key) ?? 0n)) problems.push(`${key}: the token does not rise`);
            lastTokens.set(key, lease.fencingToken);
            holders.set(key, lease);
            while (random() < 0.6) {
                const isOurs = await lease.extend(TTL_MS).catch(() => null);
                if (isOurs === false) problems.push(`${key}: lost without a reason`);
                const { value } = await client.get(key);
                if (value?.toString() !== lease.token) problems.push(`${key}: not in the server while it is held`);
            }
            for (let tries = 0; tries < 3; tries++) {
                const releasing = lease.release();
                if (await releasing.then(() => true).catch(() => false)) break;
            }
        };
        const task = async (lock: MemcachedLock): Promise<void> => {
            while (performance.now() < end) {
                steps++;
                const key = `key:${Math.floor(random() * 4)}`;
                try {
                    const lease = await lock.tryAcquireLease(null, key, TTL_MS);
                    if (lease !== null) await hold(key, lease);
                } catch {
                    // A rejection is a valid outcome while memcached is unavailable.
                }
                await sleep(random() * 5);
            }
        };
        proxy.begin(monkey(server.port, happened));
        await Promise.all([one, one, one, two, two, two].map(task));
        proxy.begin(passing);

        // The component deletes locks of rejected calls and late requests long before their ttl
        // ends.
        const keys = Array.from({ length: 4 }, (_, i) => `key:${i}`);
        const patience = performance.now() + 10_000;
        let left = keys;
        while (left.length > 0 && performance.now() < patience) {
            await sleep(50);
            left = [...(await client.getMany(keys)).items.keys()];
        }
        const {
            acquired: acquired,
            busy,
            lost: lost,
            releaseFailures: unreleased,
            orphansDeleted: cleaned,
        } = one.counts;
        process.stdout.write(
            `monkey: ${steps} steps; ${[...happened].map(([what, count]) => `${count} × ${what}`).join(', ')}; ` +
                `of one: ${JSON.stringify({ acquired, busy, lost, unreleased, cleaned })}\n`,
        );
        expect(problems).toEqual([]);
        expect([one.counts.lost, two.counts.lost]).toEqual([0, 0]);
        expect(left).toEqual([]);
        expect(steps).toBeGreaterThan(100);
    });
});
