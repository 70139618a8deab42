import { ConfigParams } from 'pip-services4-components-node';
import type { MemcachedCache } from '../cache/MemcachedCache';
import { TOKEN_BYTES } from '../client/calls/Namespace';
import { MAX_KEY_BYTES } from '../client/model/ClientOptions';
import type { BaseCache } from './BaseCache';
import { toKey, toPrefix } from './keys';

/**
 * What Keyv expects of a store, unless the configuration says otherwise: `clear`, any number of
 * values, and values without a ttl that stay.
 */
const DEFAULTS = ConfigParams.fromValue({
    options: { clear: true, max_size: 0, timeout: Number.MAX_SAFE_INTEGER, max_expiration: Number.MAX_SAFE_INTEGER },
});

/** The cache of one namespace. It opens at its first use. */
export class NamespaceCache {
    private cache: MemcachedCache | null = null;
    private opening: Promise<MemcachedCache> | null = null;
    private room = 0;

    /** @param names the names of the namespace, the outermost first */
    constructor(
        private readonly base: BaseCache,
        private readonly names: readonly string[],
    ) {}

    /**
     * Calls the verb with the open cache, at once if it is open. So calls leave in order. Calls
     * share one attempt to open. After a failed attempt, the next call makes another one.
     */
    run<T>(verb: (cache: MemcachedCache) => Promise<T>): Promise<T> {
        if (this.cache?.isOpen()) return verb(this.cache);
        this.opening ??= this.open().finally(() => (this.opening = null));
        return this.opening.then(verb);
    }

    /** Returns the key in the open cache. */
    toKey(key: string): string {
        return toKey(key, this.room);
    }

    close(): void {
        void this.cache?.close(null);
    }

    private async open(): Promise<MemcachedCache> {
        const cache = await this.base.open(config => this.configure(config));
        this.close();
        return (this.cache = cache);
    }

    private configure(config: ConfigParams): ConfigParams {
        const prefix = (config.getAsNullableString('options.prefix') ?? '') + toPrefix(this.names);
        const limit = config.getAsIntegerWithDefault('options.max_key_size', MAX_KEY_BYTES);
        this.room = limit - TOKEN_BYTES - Buffer.byteLength(prefix);
        return config.setDefaults(DEFAULTS).override(ConfigParams.fromValue({ options: { prefix } }));
    }
}
