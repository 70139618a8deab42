import type { MemcachedClient } from 'pip-services4-memcached-node';
import { StoredKeys } from '../../src/cache/StoredKeys';

/** An account that is full of this key: the next store evicts it. */
export function accountThatEvicts(client: MemcachedClient, key: string): StoredKeys {
    const account = new StoredKeys(1, () => {});
    account.stored(account.add(key), 0, 1, client.generation(key), performance.now(), 60);
    return account;
}
