import type { MemcachedClient } from 'pip-services4-memcached-node';
import { TrackedKeys } from '../../src/cache/keys/TrackedKeys';

/** An account that is full of this key: the next store evicts it. */
export function accountThatEvicts(client: MemcachedClient, key: string): TrackedKeys {
    const account = new TrackedKeys(1, () => {});
    account.stored(account.add(key), 0, 1, client.epoch(key), performance.now(), 60);
    return account;
}
