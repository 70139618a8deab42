import { promises as dns, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';

/**
 * Returns the names with several addresses of one family. Each connection to one may reach
 * another server. It asks as sockets do, one name at a time: lookups block threads that sockets
 * need.
 */
export async function findSharedNames(hosts: Iterable<string>, signal: AbortSignal): Promise<string[]> {
    const shared: string[] = [];
    for (const host of new Set(hosts)) {
        if (isIP(host) !== 0) continue;
        const addresses: LookupAddress[] = await dns.lookup(host, { all: true }).catch(() => []);
        if (signal.aborted) return [];
        const families = new Map(addresses.map(({ address, family }) => [address, family]));
        if (new Set(families.values()).size < families.size) shared.push(host);
    }
    return shared;
}
