import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { readItem } from '../support/server/textProtocol';

/** Returns a reader of the stored value, which bypasses every lock. A missing key is null. */
export function storedIn(server: MemcachedProcess): (key: string) => Promise<string | null> {
    return async key => (await readItem(server, key))?.value ?? null;
}
