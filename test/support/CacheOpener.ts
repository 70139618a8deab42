import { ConfigParams } from 'pip-services4-components-node';
import { MemcachedCache } from '../../src/cache/MemcachedCache';
import { MemcachedProcess, type MemcachedProcessOptions } from './server/MemcachedProcess';
import { RecordingProxy } from './proxy/RecordingProxy';
import { RecordingLogger } from './RecordingLogger';

/** Servers, and caches that are opened by configuration alone; keeps what they log and why they did not open, and ends them all. */
export class CacheOpener {
    readonly logger = new RecordingLogger();
    readonly errors: unknown[] = [];
    private readonly ends: (() => unknown)[] = [];

    atEnd(end: () => unknown): void {
        this.ends.push(end);
    }

    async end(): Promise<void> {
        for (const end of this.ends.splice(0).reverse()) await end();
    }

    async start(options: MemcachedProcessOptions = {}): Promise<MemcachedProcess> {
        const server = await MemcachedProcess.start(options);
        this.atEnd(() => server.end());
        return server;
    }

    async proxyOf(server: MemcachedProcess): Promise<RecordingProxy> {
        const proxy = await RecordingProxy.start(server);
        this.atEnd(() => proxy.end());
        return proxy;
    }

    /** @param references logged by `logger` */
    cacheOf(config: Record<string, unknown>, references = this.logger.references()): MemcachedCache {
        const cache = new MemcachedCache();
        cache.configure(ConfigParams.fromTuples(...Object.entries(config).flat()));
        cache.setReferences(references);
        this.atEnd(() => cache.close(null));
        return cache;
    }

    async open(config: Record<string, unknown>, references?: ReturnType<RecordingLogger['references']>) {
        const cache = this.cacheOf(config, references);
        await cache.open(null);
        return cache;
    }

    async expectWorking(config: Record<string, unknown>): Promise<void> {
        const cache = await this.open(config);
        await cache.store(null, 'key', { a: 1 }, 5000);
        expect(await cache.retrieve(null, 'key')).toEqual({ a: 1 });
    }

    /** Why it does not open. */
    async openError(config: Record<string, unknown>): Promise<{ code: string; message: string }> {
        const error: unknown = await this.cacheOf(config)
            .open('trace')
            .catch((error: unknown) => error);
        this.errors.push(error);
        return error as { code: string; message: string };
    }
}
