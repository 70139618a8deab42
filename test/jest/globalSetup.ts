import { openMemcached } from '../../scripts/memcached.cjs';

type Memcached = Awaited<ReturnType<typeof openMemcached>>;
const run = globalThis as typeof globalThis & { memcached?: Memcached };

/**
 * One seed and one memcached for the run. Tests that break servers start a MemcachedProcess of
 * their own.
 */
export default async function globalSetup(): Promise<void> {
    process.env.SEED ??= String(Math.floor(Math.random() * 2 ** 32));
    process.stderr.write(`Seed of this run: SEED=${process.env.SEED}\n`);

    run.memcached = await openMemcached();
    // It dies with jest. It must not keep jest alive when the run ends without a tear-down.
    run.memcached.unref();
    process.env.MEMCACHED_SERVICE_HOST = run.memcached.host;
    process.env.MEMCACHED_SERVICE_PORT = String(run.memcached.port);
}

export async function globalTeardown(): Promise<void> {
    await run.memcached?.end();
}
