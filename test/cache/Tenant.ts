import type { MemcachedCache } from 'pip-services4-memcached-node';
import type { Opener } from '../support/Opener';
import type { Servers, Settings } from '../support/settings';
import { SideBySide } from '../support/sideBySide';
import { sleep } from '../support/sleep';

/** Other instances may answer what was cleared for so long. */
export const TTL_MS = 400;

/** Waits until a `clear` has reached all instances. */
export const untilHeard = (): Promise<void> => sleep(TTL_MS + 50);

/** Opens caches of one prefix, which no other test uses. */
export class Tenant {
    private static count = 0;
    readonly prefix = `tenant${Tenant.count++}:`;

    constructor(
        readonly opener: Opener,
        private readonly server: Servers,
    ) {}

    readonly open = (settings: Settings = {}, at: Servers = this.server): Promise<MemcachedCache> =>
        this.opener.cache(at, { prefix: this.prefix, generation_ttl: TTL_MS, max_size: 0, ...settings });
}

/** Defines tests as `it` does. They run side by side, each with a tenant of its own. */
export function useTenants(server: Servers): (name: string, test: (tenant: Tenant) => Promise<void>) => void {
    const alongside = new SideBySide();
    return (name, test) => alongside.it(name, opener => test(new Tenant(opener, server)));
}
