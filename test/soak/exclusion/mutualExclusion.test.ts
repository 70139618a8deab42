import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { MemcachedLock } from 'pip-services4-memcached-node';
import { blackHole, late, resettingOnce } from '../../faults/replyFaults';
import { forkSource } from '../../support/forkSource';
import { LagMeter } from '../../support/LagMeter';
import { useOpener, useServer } from '../../support/Opener';
import { mixedEnv } from '../../support/protocol';
import { passing, type FaultProxy } from '../../support/proxy/FaultProxy';
import { randomOf } from '../../support/random';
import { sleep } from '../../support/sleep';
import { soakMs } from '../soakMs';
import { Referee } from './Referee';

const PROCESSES = 4;
const TASKS = 8;
const KEYS = 20;
const TTL_MS = 1000;
const RUN_MS = soakMs(20_000);
/**
 * The maximum delay. memcached adds two seconds. The rest is for the next waiter to detect the free
 * lock, also if a fault delays its request.
 */
const LATE_MS = 4000;

describe('MemcachedLock in four processes with eight tasks each over twenty keys', () => {
    const referee = new Referee();
    const done = { kills: 0, stops: 0, resets: 0, delays: 0, silences: 0 };
    const inheritances: { key: string; killedNs: bigint }[] = [];
    const heirs: Promise<void>[] = [];
    const failures = new Map<string, number>();
    const complaints: string[] = [];
    const sums = { acquired: 0, busy: 0, lost: 0, cleaned: 0 };
    const children = new Set<ChildProcess>();
    const random = randomOf('mutual exclusion');
    let spawned = 0;
    const server = useServer();
    const open = useOpener();
    let proxy: FaultProxy;
    let lock: MemcachedLock;

    beforeEach(async () => {
        proxy = await open.faultProxy(server);
        // The waiters for locks of killed holders connect without the proxy.
        lock = await open.lock(server, { retry_timeout: 50 });
        open.atEnd(() => children.forEach(child => child.kill('SIGKILL')));
    });

    function spawn(): void {
        const args = [++spawned, proxy.port, TASKS, KEYS, TTL_MS];
        const child = forkSource(join(__dirname, 'contenderChild.ts'), args, {
            stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
            env: mixedEnv(spawned),
        });
        children.add(child);
        createInterface(child.stdout as Readable).on('line', line => hear(child.pid!, line.split(' ')));
        child.stderr!.on('data', chunk => complaints.push(String(chunk)));
        child.on('exit', (code, signal) => {
            if (code !== 0 && signal !== 'SIGKILL') complaints.push(`a child ended with ${code ?? signal}`);
        });
    }

    function hear(pid: number, [word, ...rest]: string[]): void {
        if (word === 'held') {
            const [key, token, before, after] = rest as [string, string, string, string];
            const [fencingToken, beforeNs, afterNs] = [token, before, after].map(BigInt) as [bigint, bigint, bigint];
            referee.claim({ pid, key, fencingToken, beforeNs, afterNs });
        } else if (word === 'left') {
            referee.leave(rest[0]!, BigInt(rest[1]!));
        } else if (word === 'failed') {
            failures.set(rest[0]!, (failures.get(rest[0]!) ?? 0) + Number(rest[1]));
        } else if (word === 'counts') {
            (['acquired', 'busy', 'lost', 'cleaned'] as const).forEach((name, i) => (sums[name] += Number(rest[i])));
        } else {
            complaints.push([word, ...rest].join(' '));
        }
    }

    /** Acquires the lock in case no task does, and holds it for a while. */
    async function inherit(key: string, stayMs: number): Promise<void> {
        const lease = await lock.acquireLease(null, key, 2 * stayMs, 30_000);
        const { fencingToken } = lease;
        const end = performance.now() + stayMs;
        do {
            const beforeNs = process.hrtime.bigint();
            const isHeld = lease.isHeld();
            const afterNs = process.hrtime.bigint();
            if (isHeld) referee.claim({ pid: process.pid, key, fencingToken, beforeNs, afterNs });
            await sleep(5);
        } while (performance.now() < end);
        referee.leave(key, fencingToken);
        await lease.release();
    }

    const any = (): ChildProcess => [...children][Math.floor(random() * children.size)]!;

    async function kill(): Promise<void> {
        const child = any();
        children.delete(child);
        const ended = once(child.stdout!, 'close');
        child.kill('SIGKILL');
        const killedNs = process.hrtime.bigint();
        await ended;
        for (const key of referee.heldBy(child.pid!)) {
            inheritances.push({ key, killedNs });
            heirs.push(inherit(key, 100));
        }
        done.kills++;
        spawn();
    }

    /**
     * Suspends a process. Some processes resume in time, and others when their lock has another
     * holder.
     */
    function stop(): void {
        const child = any();
        child.kill('SIGSTOP');
        const ms = random() < 0.4 ? random() * TTL_MS : TTL_MS + 2000 + random() * 2 * TTL_MS;
        setTimeout(() => child.kill('SIGCONT'), ms);
        done.stops++;
        // After this delay the test has read every line from before the suspension.
        if (ms > TTL_MS)
            setTimeout(() => referee.heldBy(child.pid!).forEach(key => heirs.push(inherit(key, 1500))), 100);
    }

    async function disturb(): Promise<void> {
        const dice = random();
        if (dice < 0.18) return kill();
        if (dice < 0.45) return stop();
        if (dice < 0.75) {
            proxy.begin(resettingOnce);
            proxy.begin(passing);
            done.resets++;
        } else if (dice < 0.9) {
            proxy.begin(late(50 + random() * 250));
            done.delays++;
            await sleep(300);
            proxy.begin(passing);
        } else {
            proxy.begin(blackHole);
            done.silences++;
            await sleep(200);
            proxy.begin(passing);
        }
    }

    it('never has two holders of a key at the same time, despite faults of processes and connections', async () => {
        const lag = new LagMeter();
        open.atEnd(() => lag.stop());
        for (let i = 0; i < PROCESSES; i++) spawn();
        while (referee.acquisitions < 20) await sleep(20);
        const end = performance.now() + RUN_MS;
        while (performance.now() < end) {
            await disturb();
            await sleep(50 + random() * 150);
        }
        await sleep(5.5 * TTL_MS);
        const ended = Promise.all([...children].map(child => once(child.stdout!, 'close')));
        for (const child of children) child.disconnect();
        await ended;
        await Promise.all(heirs);
        children.clear();

        const waits = inheritances.map(({ key, killedNs }) => Number(referee.waitForNext(key, killedNs)) / 1e6);
        const longest = Math.round(Math.max(...waits));
        const overlaps = referee.overlaps();
        const disorders = referee.disorders();
        process.stdout.write(
            [
                `mutual exclusion: ${referee.acquisitions} acquisitions in ${RUN_MS / 1000} s`,
                ...Object.entries(done).map(([what, count]) => `${count} ${what}`),
                `${overlaps.length} overlaps`,
                `${disorders.length} token order violations`,
                `longest wait after a kill ${longest} ms of ${waits.length} (ttl ${TTL_MS} ms)`,
                `lost ${sums.lost}, cleaned ${sums.cleaned}`,
                [...failures].map(([code, count]) => `${count} ${code}`).join(' '),
            ].join('; ') + '\n',
        );
        expect(complaints).toEqual([]);
        expect(overlaps).toEqual([]);
        expect(disorders).toEqual([]);
        expect(longest).toBeLessThan(TTL_MS + LATE_MS + lag.maxMs);
        expect(referee.acquisitions).toBeGreaterThan(300);
        for (const count of [done.kills, done.stops, done.resets]) expect(count).toBeGreaterThan(0);
    });
});
