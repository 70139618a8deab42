import type { Call } from '../calls/Call';
import type { ClientSettings } from '../model/ClientOptions';
import { Deadlines } from '../calls/Deadlines';
import { connectFailed, isAuthFailure, notOpened } from '../model/errors';
import { checkServer, type ServerHealthReport } from '../server/ServerHealthReport';
import { MemcachedServer } from '../server/MemcachedServer';
import { Namespaces } from './Namespaces';
import type { ServerAddress } from '../model/ServerAddress';
import { ServerSet, type Place, type ServerChange } from './ServerSet';
import { Lifecycle } from '../../util/Lifecycle';

/** The place of a call that does not go to the usual server for its key. */
export interface Placement {
    /** Whether the call goes to the home server even with `failover`. A lock has one place. */
    readonly pinned?: boolean | undefined;
    /** Whether the call fails behind a proxy, where a CAS may be one of another process. */
    readonly isDirect?: boolean | undefined;
    /** The server of the call, also if it is not the home server of the key. */
    readonly server?: MemcachedServer | undefined;
}

/** The servers of a client. `MemcachedClient` explains the public methods. */
export class Cluster {
    /** The namespaces. They place keys without the token, and guard the calls for them. */
    readonly namespaces = new Namespaces();
    private readonly deadlines = new Deadlines();
    private serverSet: ServerSet;
    /** Removed servers, until their last calls have settled. */
    private readonly leaving = new Set<MemcachedServer>();
    private readonly batches = new Set<Promise<unknown>>();
    private checking: Promise<readonly ServerHealthReport[]> | null = null;
    private readonly lifecycle = new Lifecycle(notOpened);

    constructor(
        addresses: readonly ServerAddress[],
        readonly settings: ClientSettings,
    ) {
        this.serverSet = ServerSet.of(addresses, {
            failover: settings.failover,
            failoverTtlSeconds: wholeSeconds(settings.failoverTtlMs),
            protocol: settings.protocol,
            placedKey: key => this.namespaces.place(key),
            createServer: at => new MemcachedServer(at, settings, this.deadlines),
        });
        this.markSharing();
    }

    open(allowUnavailable: boolean): Promise<void> {
        return this.lifecycle.open(signal => this.connect(signal, allowUnavailable));
    }

    get isOpen(): boolean {
        return this.lifecycle.isOpen;
    }

    update(addresses: readonly ServerAddress[]): ServerChange {
        if (addresses.length === 0) throw connectFailed(new Map());
        const before = this.serverSet;
        const { set, change } = before.next(addresses);
        if (set === before) return change;
        this.serverSet = set;
        this.markSharing();
        const staying = new Set(set.servers);
        if (this.lifecycle.isOpenOrOpening) {
            for (const server of set.servers) if (!before.servers.includes(server)) server.open();
        }
        for (const server of before.servers) {
            server.onKeysMoved(key => set.homeServer(key) === server);
            if (!staying.has(server)) void this.dismiss(server);
        }
        return change;
    }

    close(): Promise<void> {
        return this.lifecycle.close(wasOpen => (wasOpen ? this.drain() : this.destroy()));
    }

    checkHealth(): Promise<readonly ServerHealthReport[]> {
        if (!this.isOpen) return Promise.reject(notOpened());
        this.checking ??= this.track(Promise.all(this.servers.map(checkServer))).finally(() => (this.checking = null));
        return this.checking;
    }

    get socketCount(): number {
        return this.allServers.reduce((sum, server) => sum + server.socketCount, 0);
    }

    get pendingCount(): number {
        return this.allServers.reduce((sum, server) => sum + server.enteringCount, this.deadlines.size);
    }

    get timerCount(): number {
        return this.allServers.reduce((sum, server) => sum + server.timerCount, this.deadlines.timerCount);
    }

    get servers(): readonly MemcachedServer[] {
        return this.serverSet.servers;
    }

    indexOf(key: string): number {
        return this.serverSet.indexOf(key);
    }

    server(key: string): MemcachedServer {
        const { serverSet } = this;
        return serverSet.servers[serverSet.indexOf(key)]!;
    }

    homeServer(key: string): MemcachedServer {
        return this.serverSet.homeServer(key);
    }

    /** Returns the place of a call, undefined if the client has no servers. */
    placeFor(key: string, placement: Placement | null | undefined): Place | undefined {
        if (!placement?.server && !placement?.pinned) return this.serverSet.placeOf(key);
        const server = (placement.server ?? this.homeServer(key)) as MemcachedServer | undefined;
        return server && { server, expiryLimit: 0 };
    }

    /** @param server undefined if the client has no servers and is never open */
    send<T>(server: MemcachedServer | undefined, call: Call<T>, isInternal: boolean): Promise<T> {
        if (server === undefined) return Promise.reject(notOpened());
        if (!this.lifecycle.isOpen) return Promise.reject(server.metrics.rejectBeforeSend(notOpened()));
        return server.send(call, isInternal);
    }

    sendToAll<T>(create: () => Call<T>): Map<string, Promise<T>> {
        return new Map(this.servers.map(server => [server.address, this.send(server, create(), false)]));
    }

    /** Returns the time, read once for all calls of a turn to one server. */
    readClock(server: MemcachedServer | undefined): number {
        return server?.enteringCount === 0 ? this.deadlines.readClock() : this.deadlines.nowMs;
    }

    /** Makes `close` wait for a batch, which has no pending call between two chunks. */
    track<T>(batch: Promise<T>): Promise<T> {
        this.batches.add(batch);
        return batch.finally(() => this.batches.delete(batch));
    }

    private get allServers(): readonly MemcachedServer[] {
        return this.leaving.size === 0 ? this.servers : [...this.servers, ...this.leaving];
    }

    private markSharing(): void {
        for (const server of this.servers) server.isOneOfSeveral = this.servers.length > 1;
    }

    private async connect(signal: AbortSignal, allowUnavailable: boolean): Promise<void> {
        const { serverSet } = this;
        const { servers } = serverSet;
        if (servers.length === 0) throw connectFailed(new Map());
        const greetings = servers.map(server => {
            server.open();
            // A server with authentication answers NOOP only after the login, and VERSION always.
            return server.greet();
        });
        const answers = await Promise.allSettled(greetings);
        signal.throwIfAborted();
        const isLoginRejected = answers.some(one => one.status === 'rejected' && isAuthFailure(one.reason as Error));
        if ((allowUnavailable && !isLoginRejected) || answers.some(one => one.status === 'fulfilled')) return;
        // An update has replaced the servers meanwhile. The new ones may answer.
        if (this.serverSet !== serverSet) return this.connect(signal, allowUnavailable);
        const errors = answers.map(answer => (answer as PromiseRejectedResult).reason as Error);
        // Lists the faults, because the errors of the calls repeat the address.
        const faults = new Map(servers.map(({ address, breaker }, i) => [address, breaker.lastFault ?? errors[i]!]));
        await this.destroy();
        throw errors.find(isAuthFailure) ?? connectFailed(faults);
    }

    private async drain(): Promise<void> {
        for (const server of this.allServers) server.beginDrain();
        if (this.batches.size > 0) await Promise.allSettled(this.batches);
        if (this.deadlines.size > 0) await new Promise<void>(resolve => (this.deadlines.onEmpty = resolve));
        await this.destroy();
    }

    /** Closes a removed server. A running batch may still have chunks for it. */
    private async dismiss(server: MemcachedServer): Promise<void> {
        this.leaving.add(server);
        server.beginDrain();
        await Promise.allSettled(this.batches);
        await server.drained();
        await server.close();
        this.leaving.delete(server);
    }

    /** Destroys all sockets before it returns. An exiting process may get no further turn. */
    private async destroy(): Promise<void> {
        this.deadlines.onEmpty = null;
        const closed = this.allServers.map(server => server.close());
        this.deadlines.stop();
        await Promise.all(closed);
    }
}

/** Rounds down, as values must not live longer. 1 second is the shortest expiry. */
function wholeSeconds(ms: number): number {
    return ms === 0 ? 0 : Math.max(1, Math.floor(ms / 1000));
}
