import { LoadThrough } from '../../src/cache/load/LoadThrough';
import { LEASE_TIMES, type LeaseTimes } from '../../src/cache/load/LoadLease';
import type { PendingLoads } from '../../src/cache/load/PendingLoad';
import { CacheEngine } from '../../src/cache/engine/CacheEngine';
import { ComponentConnection } from '../../src/connect/ComponentConnection';
import type { Opener } from '../support/Opener';
import { configOf, type Servers, type Settings } from '../support/settings';

/**
 * The shortest lease that the clock of memcached allows, because that clock counts whole seconds.
 */
export const SHORT_LEASE: LeaseTimes = { ...LEASE_TIMES, seconds: 2, renewedAfterMs: 250 };

/** Opens the load-through of a MemcachedCache with other lease times than in production. */
export async function openLoads(
    open: Opener,
    servers: Servers,
    settings: Settings = {},
    leaseTimes?: LeaseTimes,
): Promise<{ loads: LoadThrough; pending: PendingLoads }> {
    const user = new ComponentConnection(() => null);
    user.configure(configOf(servers, settings));
    await user.open(null);
    const pending: PendingLoads = new Map();
    const loads = new LoadThrough(new CacheEngine(user, pending), pending, leaseTimes);
    open.atEnd(async () => {
        await loads.stop();
        await user.close(null);
    });
    return { loads, pending };
}
