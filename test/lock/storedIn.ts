import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { readItem } from '../support/server/textProtocol';

/** Reads what lies under a key of the server, past every lock. null: nothing. */
export function storedIn(server: MemcachedProcess): (key: string) => Promise<string | null> {
    return async key => (await readItem(server, key))?.value ?? null;
}
