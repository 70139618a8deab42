import { openMemcached } from '../../scripts/memcached.cjs';

type Memcached = Awaited<ReturnType<typeof openMemcached>>;
const run = globalThis as typeof globalThis & { memcached?: Memcached };

/**
 * Starts one memcached and chooses one seed for the run.
 * Tests that break servers start a separate MemcachedProcess.
 */
export default async function globalSetup(): Promise<void> {
    process.env.SEED ??= String(Math.floor(Math.random() * 2 ** 32));
    process.stderr.write(`Seed of this run: SEED=${process.env.SEED}\n`);

    run.memcached = await openMemcached();
    // The server ends with jest, and must not keep jest alive if the run ends without a teardown.
    run.memcached.unref();
    process.env.MEMCACHED_SERVICE_HOST = run.memcached.host;
    process.env.MEMCACHED_SERVICE_PORT = String(run.memcached.port);
}

export async function globalTeardown(): Promise<void> {
    await run.memcached?.end();
}
