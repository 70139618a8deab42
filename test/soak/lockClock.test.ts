import { useOpener } from '../support/Opener';
import { sleep } from '../support/sleep';

const open = useOpener();

describe('the clock of memcached', () => {
    /**
     * Returns the fraction of a second of the system's monotonic clock, whose seconds memcached
     * counts.
     */
    const monotonic = (): number => Number(process.hrtime.bigint() % 1_000_000_000n) / 1e9;

    it('shortens no ttl when it skips a second from time to time', async () => {
        // The tick of memcached keeps its initial phase, and drifts over the full second from here.
        const running = await Promise.all(
            [0.985, 0.99, 0.995].map(async phase => {
                while (Math.abs(monotonic() - phase) > 0.002) await sleep(1);
                return open.server();
            }),
        );
        const watched = await Promise.all(
            running.map(async server => ({
                lock: await open.lock(server),
                client: await open.client(server),
                uptimes: new Set<number>(),
            })),
        );
        const checks: Promise<void>[] = [];
        let tooShort = 0;
        let checked = 0;
        const begun = performance.now();
        for (let i = 0; performance.now() - begun < 8000; i++) {
            for (const { lock, client, uptimes } of watched) {
                const key = `key:${i}`;
                const lease = (await lock.tryAcquireLease(null, key, 1000))!;
                checks.push(
                    sleep(lease.remaining() - 5).then(async () => {
                        const isThere = (await client.get(key)).value !== null;
                        if (!lease.isHeld()) return;
                        checked++;
                        if (!isThere) tooShort++;
                    }),
                );
                if (i % 10 === 0)
                    for (const stats of (await client.stats()).values())
                        uptimes.add(Number((stats as Record<string, string>).uptime));
            }
            await sleep(10);
        }
        await Promise.all(checks);
        const hasSkipped = watched.map(({ uptimes }) => Math.max(...uptimes) - Math.min(...uptimes) >= uptimes.size);
        process.stdout.write(
            `locks checked: ${checked}, too short: ${tooShort}, servers that skipped a second: ${hasSkipped.filter(Boolean).length}\n`,
        );
        expect(tooShort).toBe(0);
        expect(checked).toBeGreaterThan(100);
    });
});
