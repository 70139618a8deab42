import type { MemcachedLock } from 'pip-services4-memcached-node';
import type { Opener } from '../support/Opener';
import type { FaultProxy } from '../support/proxy/FaultProxy';
import type { Server, Settings } from '../support/settings';

/** Opens a lock through a proxy, with a short timeout. */
export async function lockBehindProxy(
    open: Opener,
    server: Server,
    settings: Settings = {},
): Promise<{ lock: MemcachedLock; proxy: FaultProxy }> {
    const proxy = await open.faultProxy(server);
    const lock = await open.lock(proxy, { request_timeout: 500, retry_timeout: 20, ...settings });
    return { lock, proxy };
}
