import { BatchException, type MemcachedCache, type MemcachedClient } from 'pip-services4-memcached-node';

/** The text commands that the cache and the client have in common. */
export interface Face {
    store(key: string, text: string): Promise<unknown>;
    remove(key: string): Promise<unknown>;
    retrieve(key: string): Promise<string | null>;
    /** Resolves with the failed keys. */
    storeMany(keys: readonly string[], text: string): Promise<ReadonlySet<string>>;
    removeMany(keys: readonly string[]): Promise<ReadonlySet<string>>;
    /** Resolves with the values, without failed keys. A miss is null. */
    retrieveMany(keys: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
}

const TIMEOUT_MS = 3_600_000;
const EXPIRES = { expires: TIMEOUT_MS / 1000 };
const keysOf = (failed: ReadonlyMap<string, unknown>): ReadonlySet<string> => new Set(failed.keys());

export class CacheFace implements Face {
    constructor(private readonly cache: MemcachedCache) {}

    store(key: string, text: string): Promise<unknown> {
        return this.cache.store(null, key, text, TIMEOUT_MS);
    }

    remove(key: string): Promise<unknown> {
        return this.cache.remove(null, key);
    }

    async retrieve(key: string): Promise<string | null> {
        return (await this.cache.retrieve(null, key)) as string | null;
    }

    async storeMany(keys: readonly string[], text: string): Promise<ReadonlySet<string>> {
        const entries = keys.map(key => [key, text] as const);
        return keysOf((await part(this.cache.storeMany(null, entries, TIMEOUT_MS))).failed);
    }

    async removeMany(keys: readonly string[]): Promise<ReadonlySet<string>> {
        return keysOf((await part(this.cache.removeMany(null, keys))).failed);
    }

    async retrieveMany(keys: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
        const { failed, found } = await part(this.cache.retrieveMany(null, keys));
        const answered = keys.filter(key => !failed.has(key));
        return new Map(answered.map(key => [key, (found.get(key) ?? null) as string | null]));
    }
}

interface Part {
    readonly failed: ReadonlyMap<string, unknown>;
    readonly found: ReadonlyMap<string, unknown>;
}

/** Returns the failed keys and the found values of a batch. */
async function part(batch: Promise<Map<string, unknown> | void>): Promise<Part> {
    try {
        return { failed: new Map(), found: (await batch) ?? new Map() };
    } catch (error) {
        if (error instanceof BatchException) return error;
        throw error;
    }
}

/** Stores JSON, as the cache does. */
export class ClientFace implements Face {
    constructor(private readonly client: MemcachedClient) {}

    store(key: string, text: string): Promise<unknown> {
        return this.client.set(key, JSON.stringify(text), EXPIRES);
    }

    remove(key: string): Promise<unknown> {
        return this.client.delete(key);
    }

    async retrieve(key: string): Promise<string | null> {
        return parse((await this.client.get(key)).value);
    }

    async storeMany(keys: readonly string[], text: string): Promise<ReadonlySet<string>> {
        const entries = keys.map(key => [key, JSON.stringify(text)] as const);
        return keysOf((await this.client.setMany(entries, EXPIRES)).failed);
    }

    async removeMany(keys: readonly string[]): Promise<ReadonlySet<string>> {
        return keysOf((await this.client.deleteMany(keys)).failed);
    }

    async retrieveMany(keys: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
        const { items, failed } = await this.client.getMany(keys);
        const answered = keys.filter(key => !failed.has(key));
        return new Map(answered.map(key => [key, parse(items.get(key)?.value ?? null)]));
    }
}

const parse = (bytes: Buffer | null): string | null =>
    bytes === null ? null : (JSON.parse(bytes.toString()) as string);
