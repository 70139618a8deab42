import { ConfigParams } from 'pip-services4-components-node';
import { MemcachedCache } from '../cache/MemcachedCache';
import { notOpened } from '../client/model/errors';
import { cacheOf, configOf, isOfCache, type KeyvMemcachedOptions } from './KeyvMemcachedOptions';

/** The cache whose connection the namespaces of a store share. */
export class BaseCache {
    private wasOpen = false;
    private isClosed = false;

    /** @param config the configuration of a cache that the store owns, null for a given one */
    private constructor(
        private readonly cache: MemcachedCache,
        private readonly config: ConfigParams | null,
    ) {}

    /** @throws ConfigException INVALID_OPTION, NO_CONNECTION */
    static of(source: KeyvMemcachedOptions): BaseCache {
        if (isOfCache(source)) return new BaseCache(cacheOf(source), null);
        const config = configOf(source);
        const cache = new MemcachedCache();
        // With `fail_soft` the connection opens while memcached is down, and connects later by
        // itself. The option is not for the namespaces, whose errors become events.
        cache.configure(config.override(ConfigParams.fromTuples('options.fail_soft', true)));
        return new BaseCache(cache, config);
    }

    /**
     * Returns a new cache on the connection, which it opens if it has never been open. It does not
     * reopen a connection that its owner has closed.
     * @param configure returns the configuration of the new cache, given that of the base
     * @throws InvalidStateException NOT_OPENED after a close
     */
    async open(configure: (config: ConfigParams) => ConfigParams): Promise<MemcachedCache> {
        const { cache } = this;
        if (this.isClosed || (this.wasOpen && !cache.isOpen())) throw notOpened();
        await cache.open(null);
        if (this.isClosed) throw notOpened();
        this.wasOpen = true;
        return cache.share(own => configure(this.config ?? own));
    }

    /** Ends the use of the connection, and closes it if the store owns it. */
    async close(): Promise<void> {
        this.isClosed = true;
        if (this.config !== null) await this.cache.close(null);
    }
}
