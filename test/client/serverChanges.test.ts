import type { ServerAddress } from 'pip-services4-memcached-node';
import type { MemcachedServer } from '../../src/client/server/MemcachedServer';
import { ServerSet } from '../../src/client/cluster/ServerSet';

const options = (failover: boolean) => ({
    failover,
    failoverTtlSeconds: 0,
    protocol: 'auto' as const,
    placedKey: (key: string) => key,
    createServer: ({ host }: ServerAddress) => ({ host, isUp: true }) as unknown as MemcachedServer,
});
const cache = (n: number, more: Partial<ServerAddress> = {}): ServerAddress => ({
    host: `cache-${n}`,
    port: 11211,
    ...more,
});
const login = (password: string): Partial<ServerAddress> => ({ login: { username: 'ann', password } });

it.each([
    ['the same servers', [cache(1), cache(2)]],
    ['another order', [cache(2), cache(1)]],
    ['a server twice', [cache(1), cache(2), cache(1)]],
    ['the default weight', [cache(1, { weight: 1 }), cache(2, { weight: undefined })]],
])('keeps the list and its ring for %s', (_, addresses) => {
    const list = ServerSet.of([cache(1), cache(2)], options(true));
    expect(list.next(addresses).set).toBe(list);
});

it.each([
    ['a server more', [cache(1), cache(2), cache(3)]],
    ['a server less', [cache(1)]],
    ['another weight', [cache(1), cache(2, { weight: 2 })]],
    ['another login', [cache(1), cache(2, login('secret'))]],
])('replaces the list, but keeps the objects of the servers that stay, for %s', (_, addresses) => {
    const list = ServerSet.of([cache(1), cache(2)], options(false));
    const { set: next } = list.next(addresses);
    expect(next).not.toBe(list);
    expect(next.servers[0]).toBe(list.servers[0]);
    expect(next.servers.map(({ host }) => host)).toEqual(addresses.map(({ host }) => host));
});
