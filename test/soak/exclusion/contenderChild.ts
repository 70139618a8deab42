/**
 * Tasks that lock random keys, hold them for a while, and write down every time that their lease says it is held. Its output is
 * written at once, so what was said before a SIGKILL has been said. Arguments: port, tasks, keys, ttl.
 */
import { writeSync } from 'node:fs';
import { ConfigParams } from 'pip-services4-components-node';
import type { Lease } from '../../../src/lock/Lease';
import { MemcachedLock } from '../../../src/lock/MemcachedLock';

const [port, tasks, keys, ttl] = process.argv.slice(2).map(Number) as [number, number, number, number];
let isStopping = false;
const codes = new Map<string, number>();

const delay = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
const random = (from: number, to: number): number => from + Math.random() * (to - from);

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
    while (claims(lease) && performance.now() < end) await delay(random(1, 10));
}

function howLong(): number {
    const dice = Math.random();
    return dice < 0.7 ? random(0, 20) : dice < 0.95 ? random(20, 200) : random(ttl, 1.5 * ttl);
}

async function byLease(lock: MemcachedLock, key: string): Promise<void> {
    const lease = await lock.acquireLease(null, key, ttl, 2 * ttl);
    await stay(lease, howLong());
    if (Math.random() < 0.3 && (await lease.extend())) await stay(lease, howLong());
    say('left', key, lease.fencingToken);
    await lease.release();
}

async function byWithLock(lock: MemcachedLock, key: string): Promise<void> {
    await lock.withLock(null, key, { ttl, timeout: 2 * ttl }, async (_, lease) => {
        await stay(lease, howLong());
        // A computation that forgets the time.
        if (Math.random() < 0.002) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, random(1, 4) * ttl);
        await stay(lease, 0);
        say('left', key, lease.fencingToken);
    });
}

async function task(lock: MemcachedLock): Promise<void> {
    while (!isStopping) {
        const key = `key:${Math.floor(random(0, keys))}`;
        try {
            await (Math.random() < 0.5 ? byLease : byWithLock)(lock, key);
        } catch (error) {
            const code = (error as { code?: string }).code ?? String(error);
            codes.set(code, (codes.get(code) ?? 0) + 1);
            await delay(random(1, 20));
        }
    }
}

async function main(): Promise<void> {
    const lock = new MemcachedLock();
    const options = { request_timeout: 400, retry_timeout: 20, retry: 200, reconnect: 100, fail_soft: 'true' };
    const tuples = Object.entries(options).flatMap(([key, value]) => [`options.${key}`, value]);
    lock.configure(ConfigParams.fromTuples('connection.host', '127.0.0.1', 'connection.port', port, ...tuples));
    await lock.open(null);
    process.once('disconnect', () => (isStopping = true));
    await Promise.all(Array.from({ length: tasks }, () => task(lock)));
    await lock.close(null);
    for (const [code, count] of codes) say('failed', code, count);
    const { acquired, busy, lost, cleaned } = lock.counts;
    say('counts', acquired, busy, lost, cleaned);
}

void main();
