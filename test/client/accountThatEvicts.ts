import type { MemcachedClient } from 'pip-services4-memcached-node';
import { TrackedKeys } from '../../src/cache/keys/TrackedKeys';

/** Returns an account that is full with this key, so that the next store evicts it. */
export function accountThatEvicts(client: MemcachedClient, key: string): TrackedKeys {
    const account = new TrackedKeys(1, () => {});
    account.stored(account.add(key), 0, 1, client.epoch(key), performance.now(), 60);
    return account;
}
