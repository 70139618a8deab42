import type { IReferences } from 'pip-services4-components-node';
import {
    MemcachedCache,
    MemcachedClient,
    MemcachedConnection,
    MemcachedLock,
    type ClientOptions,
    type ServerAddress,
} from 'pip-services4-memcached-node';
import { FaultProxy } from './proxy/FaultProxy';
import { testProtocol } from './protocol';
import { RecordingProxy } from './proxy/RecordingProxy';
import { RecordingLogger } from './RecordingLogger';
import { MemcachedProcess, type MemcachedProcessOptions } from './server/MemcachedProcess';
import { ScriptedServer } from './server/ScriptedServer';
import { configOf, type Server, type Servers, type Settings } from './settings';

/** The target of a client: a server, a proxy, or an address with TLS, a login or a weight. */
type ClientServer = Server & Partial<ServerAddress>;

let keys = 0;
const newKey = (): string => `key${++keys}`;

interface Component {
    configure(config: ReturnType<typeof configOf>): void;
    setReferences(references: IReferences): void;
    open(context: null): Promise<void>;
    close(context: null): Promise<void>;
}

/**
 * Opens servers, proxies, clients, caches and locks, and closes them in reverse order.
 * Components log to `logger`, unless they get other references.
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

    /** Ends the started object at the end of the test. */
    async ending<T extends { end(): Promise<void> }>(starting: Promise<T>): Promise<T> {
        const started = await starting;
        this.atEnd(() => started.end());
        return started;
    }

    server(options: MemcachedProcessOptions = {}): Promise<MemcachedProcess> {
        return this.ending(MemcachedProcess.start(options));
    }

    scripted(...parameters: Parameters<typeof ScriptedServer.start>): Promise<ScriptedServer> {
        return this.ending(ScriptedServer.start(...parameters));
    }

    faultProxy({ port }: { port: number }): Promise<FaultProxy> {
        return this.ending(FaultProxy.start(port));
    }

    /**
     * @param target the server. Without a server, the proxy accepts connections and never answers
     */
    recordingProxy(target: { host: string; port: number } | null = null): Promise<RecordingProxy> {
        return this.ending(RecordingProxy.start(target));
    }

    /** Suspends the server until the end of the test. */
    async stop(server: MemcachedProcess): Promise<void> {
        this.atEnd(() => server.continue());
        await server.stop();
    }

    /** Kills the server, and restarts it empty at the end of the test. */
    async kill(server: MemcachedProcess): Promise<void> {
        this.atEnd(() => server.restart());
        await server.kill();
    }

    /** Creates a client without opening it. */
    clientOf(servers: ClientServer | readonly ClientServer[], options: ClientOptions = {}): MemcachedClient {
        const addresses = [servers].flat().map(toAddress);
        const client = new MemcachedClient(addresses, { protocol: testProtocol, ...options });
        this.atEnd(() => client.close());
        return client;
    }

    async client(...parameters: Parameters<Opener['clientOf']>): Promise<MemcachedClient> {
        const client = this.clientOf(...parameters);
        await client.open();
        return client;
    }

    /** Creates and configures a connection without opening it. */
    connectionOf(servers: Servers, settings?: Settings, references?: IReferences): MemcachedConnection {
        return this.configured(new MemcachedConnection(), servers, settings, references);
    }

    /** Creates and configures a cache without opening it. */
    cacheOf(servers: Servers, settings?: Settings, references?: IReferences): MemcachedCache {
        return this.configured(new MemcachedCache(), servers, settings, references);
    }

    cache(...parameters: Parameters<Opener['cacheOf']>): Promise<MemcachedCache> {
        return opened(this.cacheOf(...parameters));
    }

    /** Creates and configures a lock without opening it. */
    lockOf(servers: Servers, settings?: Settings, references?: IReferences): MemcachedLock {
        return this.configured(new MemcachedLock(), servers, settings, references);
    }

    lock(...parameters: Parameters<Opener['lockOf']>): Promise<MemcachedLock> {
        return opened(this.lockOf(...parameters));
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

/**
 * Creates an opener for the tests of a file or of a `describe`. The opener closes everything after
 * each test.
 */
export function useOpener(): Opener {
    const opener = new Opener();
    beforeEach(() => opener.logger.clear());
    afterEach(() => opener.end());
    return opener;
}

/**
 * Starts a server for all tests of a file or of a `describe`. Only tests and hooks may use its
 * address.
 */
export function useServer(options: MemcachedProcessOptions = {}): MemcachedProcess {
    const server = new MemcachedProcess(options);
    beforeAll(() => server.launch());
    afterAll(() => server.end());
    return server;
}

async function opened<T extends Component>(component: T): Promise<T> {
    await component.open(null);
    return component;
}

function toAddress({ host = '127.0.0.1', port, path, weight, tls, login }: ClientServer): ServerAddress {
    return { host, port, path, weight, tls, login };
}
