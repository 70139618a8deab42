import type { IReferences } from 'pip-services4-components-node';
import { MemcachedCache, MemcachedClient, MemcachedLock, type ClientOptions } from 'pip-services4-memcached-node';
import { FaultProxy } from './proxy/FaultProxy';
import { RecordingProxy } from './proxy/RecordingProxy';
import { RecordingLogger } from './RecordingLogger';
import { MemcachedProcess, type MemcachedProcessOptions } from './server/MemcachedProcess';
import { configOf, type Servers, type Settings } from './settings';

let keys = 0;
const newKey = (): string => `key${++keys}`;

interface Component {
    configure(config: ReturnType<typeof configOf>): void;
    setReferences(references: IReferences): void;
    close(context: null): Promise<void>;
}

/**
 * Opens servers, proxies, clients, caches and locks, and closes them in reverse order. What the
 * components log goes to `logger`, unless they get references of their own.
 */
export class Opener {
    readonly logger = new RecordingLogger();
    /** A key that no other test of the file uses. */
    key = newKey();
    private readonly ends: (() => unknown)[] = [];

    atEnd(end: () => unknown): void {
        this.ends.push(end);
    }

    async end(): Promise<void> {
        for (const end of this.ends.splice(0).reverse()) await end();
        this.key = newKey();
    }

    async server(options: MemcachedProcessOptions = {}): Promise<MemcachedProcess> {
        const server = await MemcachedProcess.start(options);
        this.atEnd(() => server.end());
        return server;
    }

    async faultProxy({ port }: { port: number }): Promise<FaultProxy> {
        const proxy = await FaultProxy.start(port);
        this.atEnd(() => proxy.close());
        return proxy;
    }

    /** @param target without one the proxy accepts connections and never answers */
    async recordingProxy(target: { host: string; port: number } | null = null): Promise<RecordingProxy> {
        const proxy = await RecordingProxy.start(target);
        this.atEnd(() => proxy.end());
        return proxy;
    }

    async client(servers: Servers, options: Partial<ClientOptions> = {}): Promise<MemcachedClient> {
        const addresses = [servers].flat().map(({ host = '127.0.0.1', port }) => ({ host, port }));
        const client = new MemcachedClient(addresses, options);
        this.atEnd(() => client.close());
        await client.open();
        return client;
    }

    /** A cache that is configured and not open. */
    cacheOf(servers: Servers, settings?: Settings, references?: IReferences): MemcachedCache {
        return this.configured(new MemcachedCache(), servers, settings, references);
    }

    async cache(servers: Servers, settings?: Settings, references?: IReferences): Promise<MemcachedCache> {
        const cache = this.cacheOf(servers, settings, references);
        await cache.open(null);
        return cache;
    }

    /** A lock that is configured and not open. */
    lockOf(servers: Servers, settings?: Settings, references?: IReferences): MemcachedLock {
        return this.configured(new MemcachedLock(), servers, settings, references);
    }

    async lock(servers: Servers, settings?: Settings, references?: IReferences): Promise<MemcachedLock> {
        const lock = this.lockOf(servers, settings, references);
        await lock.open(null);
        return lock;
    }

    private configured<T extends Component>(
        component: T,
        servers: Servers,
        settings?: Settings,
        references: IReferences = this.logger.references(),
    ): T {
        component.configure(configOf(servers, settings));
        component.setReferences(references);
        this.atEnd(() => component.close(null));
        return component;
    }
}

/** For the tests of a file or of a `describe`: what a test opens is closed when that test is over. */
export function useOpener(): Opener {
    const opener = new Opener();
    afterEach(() => opener.end());
    return opener;
}

/** A server for all tests of a file or of a `describe`. Its address is known when the tests run. */
export function useServer(options: MemcachedProcessOptions = {}): MemcachedProcess {
    const server = new MemcachedProcess(options);
    beforeAll(() => server.launch());
    afterAll(() => server.end());
    return server;
}
