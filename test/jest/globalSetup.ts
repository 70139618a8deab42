import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { openMemcached } from '../../scripts/memcached.cjs';

type Memcached = Awaited<ReturnType<typeof openMemcached>>;
const run = globalThis as typeof globalThis & { memcached?: Memcached };

/** One memcached for the run; tests that break servers start a MemcachedProcess of their own. */
export default async function globalSetup(): Promise<void> {
    // The examples, and the programs in the documentation, import the package by its name. Nothing is done when the build is that of these sources.
    execFileSync(process.execPath, [resolve(__dirname, '../../scripts/setup.mjs'), '--build'], { stdio: 'pipe' });
    run.memcached = await openMemcached();
    // It dies with jest. It must not keep jest alive when the run ends without a tear-down.
    run.memcached.unref();
    process.env.MEMCACHED_SERVICE_HOST = run.memcached.host;
    process.env.MEMCACHED_SERVICE_PORT = String(run.memcached.port);
}

export async function globalTeardown(): Promise<void> {
    await run.memcached?.end();
}
