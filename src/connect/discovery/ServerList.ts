import { isChange, type ServerChange } from '../../client/cluster/ServerSet';
import { formatAddress, type ServerAddress } from '../../client/model/ServerAddress';
import { notOpened } from '../../client/model/errors';
import type { AnyContext, ComponentLogger } from '../../component/ComponentLogger';
import { serversNotFound } from '../../component/errors';
import { line } from '../../component/logLines';
import type { TlsSettings } from '../tls/TlsSettings';
import type { Access } from './Access';
import { lookUpInTime, lookupTimeout } from './lookUpInTime';
import type { Place } from './Place';
import type { ServerSource } from './ServerSource';
import { TrackedSource, type SourceOwner } from './TrackedSource';

/** The settings of a list. */
export interface ServerListSettings {
    /** `options.discovery_interval`, null if absent. */
    readonly intervalMs: number | null;
    readonly log: ComponentLogger;
    readonly context: AnyContext;
    /** Looks up the credential. Returns `last` if it has not changed. */
    readonly lookUpAccess: (last: Access | null) => Promise<Access>;
}

/** The client that uses the servers. */
interface ServerUser {
    update(servers: readonly ServerAddress[]): ServerChange;
}

/**
 * The servers of a connection, from all its sources. It belongs to one open of the connection. It
 * gives each change to the client, and logs it. A source that fails keeps its last good answer, and
 * does not disturb the others.
 */
export class ServerList implements SourceOwner {
    readonly intervalMs: number | null;
    private readonly root: TrackedSource;
    private access: Access | null = null;
    private user: ServerUser | null = null;
    private readonly down = new Set<string>();
    private readonly failing = new WeakSet<TrackedSource>();
    private readonly stopping = new AbortController();

    constructor(
        configured: ServerSource,
        private readonly settings: ServerListSettings,
    ) {
        this.intervalMs = settings.intervalMs;
        this.root = new TrackedSource(configured, this);
    }

    /**
     * Asks all sources, which must all answer. Resolves with the servers, each once, and with the
     * credential that they have.
     */
    async open(signal: AbortSignal): Promise<{ servers: ServerAddress[]; access: Access }> {
        const limit = lookupTimeout(this.intervalMs, serversNotFound);
        const access = await lookUpInTime(limit, signal, stop => this.lookUp(this.root, stop));
        this.access = access;
        return { servers: this.addresses(access), access };
    }

    /** Returns whether the servers may change after `open`. */
    get mayChange(): boolean {
        return this.root.all.some(source => source.intervalMs > 0);
    }

    /** Returns the TLS settings of the servers. A changed credential replaces them. */
    get tls(): TlsSettings | null {
        return this.access?.tls ?? null;
    }

    /** Begins to ask the sources again, and gives the client each change. */
    follow(user: ServerUser): void {
        this.user = user;
        this.root.follow();
    }

    /** Stops the lookups, and ignores the reply of a lookup in flight. */
    stop(): void {
        this.root.stop();
        this.stopping.abort(notOpened());
    }

    /** Notes that a server is down, and asks its source soon. */
    onDown(address: string): void {
        this.down.add(address);
        this.root.onDown(address);
    }

    onUp(address: string): void {
        this.down.delete(address);
    }

    isUp(place: Place): boolean {
        return !this.down.has(formatAddress(place));
    }

    async refresh(source: TrackedSource): Promise<void> {
        const limit = lookupTimeout(this.intervalMs, message => new Error(message)).unref();
        try {
            const access = await lookUpInTime(limit, this.stopping.signal, stop => this.lookUp(source, stop));
            this.apply(access);
        } catch (error) {
            if (!this.stopping.signal.aborted) this.reportFailure(source, error);
            return;
        }
        this.reportSuccess(source);
    }

    private async lookUp(source: TrackedSource, signal: AbortSignal): Promise<Access> {
        const access = await this.settings.lookUpAccess(this.access);
        signal.throwIfAborted();
        await source.lookUp(access, signal);
        return access;
    }

    private apply(access: Access): void {
        if (this.user === null || this.stopping.signal.aborted) return;
        const change = this.user.update(this.addresses(access));
        this.access = access;
        // A server that returns later is another object, which is up until it fails.
        for (const address of [...change.removed, ...change.replaced]) this.down.delete(address);
        if (isChange(change)) this.settings.log.info(this.settings.context, line('serversChanged', describe(change)));
    }

    private addresses(access: Access): ServerAddress[] {
        const servers = this.root.servers.map(place => access.addressOf(place));
        return [...new Map(servers.map(server => [formatAddress(server), server])).values()];
    }

    private reportFailure(source: TrackedSource, error: unknown): void {
        if (this.failing.has(source)) return;
        this.failing.add(source);
        const message = (error as Error | undefined)?.message ?? String(error);
        this.settings.log.warn(this.settings.context, line('discoveryFailed', source.name, message));
    }

    private reportSuccess(source: TrackedSource): void {
        if (!this.failing.delete(source)) return;
        this.settings.log.info(this.settings.context, line('discoveryRecovered', source.name));
    }
}

function describe({ added, removed, replaced, reweighted }: ServerChange): string {
    const changes = { added, removed, reconnected: replaced, reweighted };
    return Object.entries(changes)
        .filter(([, addresses]) => addresses.length > 0)
        .map(([change, addresses]) => `${change}: ${addresses.join(', ')}`)
        .join('; ');
}
