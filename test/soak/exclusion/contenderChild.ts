/**
 * Runs tasks that lock random keys, hold them for a while, and print each claim of their leases.
 * The process writes each line synchronously, so a SIGKILL loses no line.
 *
 * Arguments: number, port, tasks, keys, ttl. The number and the seed of the run decide the calls.
 */
import { writeSync } from 'node:fs';
import type { Lease, MemcachedLock } from 'pip-services4-memcached-node';
import { Opener } from '../../support/Opener';
import { randomOf } from '../../support/random';
import { sleep } from '../../support/sleep';

const [serial, port, tasks, keys, ttl] = process.argv.slice(2).map(Number) as [number, number, number, number, number];
let isStopping = false;
const codes = new Map<string, number>();

const dice = randomOf(`contender ${serial}`);
const random = (from: number, to: number): number => from + dice() * (to - from);

function say(...words: (string | number | bigint)[]): void {
    const line = Buffer.from(`${words.join(' ')}\n`);
    for (let at = 0; at < line.length;) {
        try {
            at += writeSync(1, line, at);
        } catch (error) {
            if ((error as { code: string }).code !== 'EAGAIN') throw error;
        }
    }
}

function claims(lease: Lease): boolean {
    const before = process.hrtime.bigint();
    const isHeld = lease.isHeld();
    const after = process.hrtime.bigint();
    if (isHeld) say('held', lease.key, lease.fencingToken, before, after);
    return isHeld;
}

async function stay(lease: Lease, ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (claims(lease) && performance.now() < end) await sleep(random(1, 10));
}

function howLong(): number {
    const kind = dice();
    return kind < 0.7 ? random(0, 20) : kind < 0.95 ? random(20, 200) : random(ttl, 1.5 * ttl);
}

async function byLease(lock: MemcachedLock, key: string): Promise<void> {
    const lease = await lock.acquireLease(null, key, ttl, 2 * ttl);
    await stay(lease, howLong());
    if (dice() < 0.3 && (await lease.extend())) await stay(lease, howLong());
    say('left', key, lease.fencingToken);
    await lease.release();
}

async function byWithLock(lock: MemcachedLock, key: string): Promise<void> {
    await lock.withLock(null, key, { ttl, timeout: 2 * ttl }, async (_, lease) => {
        await stay(lease, howLong());
        // The wait blocks the event loop like a long computation.
        if (dice() < 0.002) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, random(1, 4) * ttl);
        await stay(lease, 0);
        say('left', key, lease.fencingToken);
    });
}

async function task(lock: MemcachedLock): Promise<void> {
    while (!isStopping) {
        const key = `key:${Math.floor(random(0, keys))}`;
        try {
            await (dice() < 0.5 ? byLease : byWithLock)(lock, key);
        } catch (error) {
            const code = (error as { code?: string }).code ?? String(error);
            codes.set(code, (codes.get(code) ?? 0) + 1);
            await sleep(random(1, 20));
        }
    }
}

async function main(): Promise<void> {
    const open = new Opener();
    const options = { request_timeout: 400, retry_timeout: 20, retry: 200, reconnect: 100, fail_soft: 'true' };
    const lock = await open.lock({ port }, options);
    process.once('disconnect', () => (isStopping = true));
    await Promise.all(Array.from({ length: tasks }, () => task(lock)));
    await open.end();
    for (const [code, count] of codes) say('failed', code, count);
    const { acquired, busy, lost, orphansDeleted: cleaned } = lock.counts;
    say('counts', acquired, busy, lost, cleaned);
}

void main();
