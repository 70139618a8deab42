import { BatchException, type MemcachedCache, type MemcachedClient } from 'pip-services4-memcached-node';
import type { Value } from '../histories/RegisterHistory';

/** The verbs that cache and client have in common. Values are numbers, as texts. */
export interface Face {
    store(key: string, value: number): Promise<unknown>;
    remove(key: string): Promise<unknown>;
    retrieve(key: string): Promise<Value>;
    /** Resolves with the keys that failed. */
    storeMany(keys: readonly string[], value: number): Promise<ReadonlySet<string>>;
    removeMany(keys: readonly string[]): Promise<ReadonlySet<string>>;
    /** Keys that failed are left out; a miss is null. */
    retrieveMany(keys: readonly string[]): Promise<ReadonlyMap<string, Value>>;
}

const TIMEOUT_MS = 3_600_000;
const EXPIRES = { expires: TIMEOUT_MS / 1000 };
const keysOf = (failed: ReadonlyMap<string, unknown>): ReadonlySet<string> => new Set(failed.keys());

export class CacheFace implements Face {
    constructor(private readonly cache: MemcachedCache) {}

    store(key: string, value: number): Promise<unknown> {
        return this.cache.store(null, key, value, TIMEOUT_MS);
    }

    remove(key: string): Promise<unknown> {
        return this.cache.remove(null, key);
    }

    async retrieve(key: string): Promise<Value> {
        return (await this.cache.retrieve(null, key)) as Value;
    }

    async storeMany(keys: readonly string[], value: number): Promise<ReadonlySet<string>> {
        const entries = keys.map(key => [key, value] as const);
        return keysOf((await part(this.cache.storeMany(null, entries, TIMEOUT_MS))).failed);
    }

    async removeMany(keys: readonly string[]): Promise<ReadonlySet<string>> {
        return keysOf((await part(this.cache.removeMany(null, keys))).failed);
    }

    async retrieveMany(keys: readonly string[]): Promise<ReadonlyMap<string, Value>> {
        const { failed, found } = await part(this.cache.retrieveMany<number>(null, keys));
        const answered = keys.filter(key => !failed.has(key));
        return new Map(answered.map(key => [key, (found.get(key) ?? null) as Value]));
    }
}

/** Splits a batch that failed for some of its keys. */
async function part(
    batch: Promise<unknown>,
): Promise<{ failed: ReadonlyMap<string, unknown>; found: ReadonlyMap<string, unknown> }> {
    try {
        const found = await batch;
        return { failed: new Map(), found: found instanceof Map ? found : new Map() };
    } catch (error) {
        if (error instanceof BatchException) return error;
        throw error;
    }
}

export class ClientFace implements Face {
    constructor(private readonly client: MemcachedClient) {}

    store(key: string, value: number): Promise<unknown> {
        return this.client.set(key, String(value), EXPIRES);
    }

    remove(key: string): Promise<unknown> {
        return this.client.delete(key);
    }

    async retrieve(key: string): Promise<Value> {
        return toValue((await this.client.get(key)).value);
    }

    async storeMany(keys: readonly string[], value: number): Promise<ReadonlySet<string>> {
        const entries = keys.map(key => [key, String(value)] as const);
        return keysOf((await this.client.setMany(entries, EXPIRES)).failed);
    }

    async removeMany(keys: readonly string[]): Promise<ReadonlySet<string>> {
        return keysOf((await this.client.deleteMany(keys)).failed);
    }

    async retrieveMany(keys: readonly string[]): Promise<ReadonlyMap<string, Value>> {
        const { items, failed } = await this.client.getMany(keys);
        const answered = keys.filter(key => !failed.has(key));
        return new Map(answered.map(key => [key, toValue(items.get(key)?.value ?? null)]));
    }
}

const toValue = (bytes: Buffer | null): Value => (bytes === null ? null : Number(bytes.toString()));
