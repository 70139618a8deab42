import type { Call } from '../calls/Call';
import { readClientOptions, type ClientOptions, type ClientSettings } from '../model/ClientOptions';
import { Deadlines } from '../calls/Deadlines';
import { connectFailed, isAuthFailure, notOpened } from '../model/errors';
import { Client } from '../memjs/memjs';
import { MemcachedServer } from '../server/MemcachedServer';
import { Namespaces } from './Namespaces';
import type { ServerAddress } from '../model/ServerAddress';
import { isChange, ServerSet, type ServerChange } from './ServerSet';

/** The servers of a client: which of them a key belongs to, how they are opened and closed together, and how others take their place. */
export abstract class Cluster extends Client {
    protected readonly settings: ClientSettings;
    private readonly deadlines: Deadlines;
    /** @internal Keys with a token are placed without it, and their calls are confirmed. */
    readonly namespaces: Namespaces;
    private readonly makeNode: (at: ServerAddress) => MemcachedServer;
    private list: ServerSet;
    /** Those that are in the list no more, until their last calls have settled. */
    private readonly leaving = new Set<MemcachedServer>();
    private readonly batches = new Set<Promise<unknown>>();
    protected isOpened = false;
    /** The open that is under way or done; null while closed. */
    private opening: Promise<void> | null = null;
    private closing: Promise<void> | null = null;
    /** Rises with every close, so that an open that was overtaken by one knows. */
    private life = 0;

    /** @throws ConfigException INVALID_OPTION */
    constructor(addresses: readonly ServerAddress[], options: ClientOptions = {}) {
        const settings = readClientOptions(options);
        const deadlines = new Deadlines();
        const makeNode = (at: ServerAddress): MemcachedServer =>
            new MemcachedServer(at, settings, deadlines, settings.observer);
        const namespaces = new Namespaces();
        const list = ServerSet.of(addresses, settings.failover, key => namespaces.place(key), makeNode);
        // The only retry loop is ours (memjs counts one attempt as `retries: 1`), and nothing goes to the console.
        super(list.servers, { retries: 1, expires: 0, logger: { log: () => {} } });
        this.settings = settings;
        this.namespaces = namespaces;
        this.deadlines = deadlines;
        this.makeNode = makeNode;
        this.list = this.use(list);
    }

    /**
     * Speaks to every server; rejects with CONNECT_FAILED when none answers.
     * @param mayBeAway then it opens all the same, and the servers are probed until they are there
     */
    open({ mayBeAway = false } = {}): Promise<void> {
        const { life } = this;
        this.opening ??= (this.closing ?? Promise.resolve()).then(() => this.connect(life, mayBeAway));
        return this.opening;
    }

    /** Whether it was opened, and not closed since. */
    isOpen(): boolean {
        return this.isOpened;
    }

    /**
     * Other servers, from now on. Who stays keeps its sockets; who is new is connected to by the first call for it; who is gone gets no further call,
     * finishes those that it has (within `requestTimeoutMs`, the rest of a batch included) and closes its sockets. A server with another login or other TLS
     * is replaced; another weight moves keys, and nothing else.
     * @throws ConnectionException CONNECT_FAILED when the list is empty
     * @throws ConfigException INVALID_CONNECTION when a weight is none; the servers stay as they are
     */
    update(addresses: readonly ServerAddress[]): ServerChange {
        if (addresses.length === 0) throw connectFailed(new Map());
        const before = this.list;
        const { list, change } = before.next(addresses, this.makeNode);
        if (!isChange(change)) return change;
        this.list = this.use(list);
        const staying = new Set(list.servers);
        if (this.opening !== null) for (const node of list.servers) if (!before.servers.includes(node)) node.open();
        for (const node of before.servers) {
            node.onKeysMoved(key => list.homeServer(key) === node);
            if (!staying.has(node)) void this.dismiss(node);
        }
        return change;
    }

    /** Lets running calls finish (their deadlines see to it that this ends), then closes every socket. */
    close(): Promise<void> {
        if (this.opening === null) return this.closing ?? Promise.resolve();
        this.life++;
        this.opening = null;
        // An open that waits for a close has begun nothing yet.
        if (this.closing !== null) return this.closing;
        const closing = this.isOpened ? this.drain() : this.destroy();
        this.isOpened = false;
        this.closing = closing.finally(() => (this.closing = null));
        return this.closing;
    }

    /** memjs's word for `close`. */
    quit(): void {
        void this.close();
    }

    /** The longest key in bytes, and the largest value. */
    get limits(): { readonly maxKeyBytes: number; readonly maxValueBytes: number } {
        return this.settings;
    }

    /** Sockets that are open or opening. */
    get socketCount(): number {
        return this.everyNode.reduce((sum, node) => sum + node.socketCount, 0);
    }

    /** Calls that have not settled. */
    get pendingCount(): number {
        return this.everyNode.reduce((sum, node) => sum + node.enteringCount, this.deadlines.size);
    }

    /** Timers that run: 0 when it is closed. */
    get timerCount(): number {
        return this.everyNode.reduce((sum, node) => sum + node.timerCount, this.deadlines.timerCount);
    }

    /** The server of a key; with `failover`, while that is down, the next one on the ring. */
    server(key: string): MemcachedServer {
        const { list } = this;
        return list.servers[list.find(key)]!;
    }

    /** The key's own server, whoever is up. */
    homeServer(key: string): MemcachedServer {
        return this.list.homeServer(key);
    }

    /** As an index. memjs's own is the remainder of a hash: one server more or less would move nearly every key. */
    override getServer(key: string): number {
        return this.list.find(key);
    }

    /** memjs's is signed: after 2^31 calls every call would throw. */
    override incrSeq(): void {
        this.seq = (this.seq + 1) >>> 0;
    }

    /**
     * Of the key's own server: changes when a socket to it opens or goes, and when the key gets another server. A CAS that was answered in another
     * epoch may be that of another item: a server that was restarted counts from the beginning. Where the servers may change between a request and
     * its answer, ask `home(key)` before the request, and that for its epoch afterwards.
     */
    epoch(key: string): number {
        return this.homeServer(key).epoch;
    }

    /** The servers that keys belong to. */
    get allServers(): readonly MemcachedServer[] {
        return this.list.servers;
    }

    private get everyNode(): readonly MemcachedServer[] {
        return this.leaving.size === 0 ? this.list.servers : [...this.list.servers, ...this.leaving];
    }

    /** The time, read once for all calls of a turn to one server. */
    protected clock(node: MemcachedServer | undefined): number {
        return node?.enteringCount === 0 ? this.deadlines.readClock() : this.deadlines.nowMs;
    }

    /** @param node undefined in a client that was given no server: that is never open */
    protected runOn<T>(node: MemcachedServer | undefined, call: Call<T>): Promise<T> {
        if (node === undefined) return Promise.reject(notOpened());
        if (!this.isOpened) return Promise.reject(node.metrics.rejectBeforeSend(notOpened()));
        return node.send(call);
    }

    protected async askAll<T>(make: () => Call<T>): Promise<Map<string, T | Error>> {
        const answers = this.allServers.map(async node => {
            const said = await this.runOn(node, make()).catch((error: Error) => error);
            return [node.address, said] as const;
        });
        return new Map(await Promise.all(answers));
    }

    /** `close` waits for it: between two of its chunks a batch has no call that is pending. */
    protected track<T>(batch: Promise<T>): Promise<T> {
        this.batches.add(batch);
        return batch.finally(() => this.batches.delete(batch));
    }

    private async connect(life: number, mayBeAway: boolean): Promise<void> {
        if (this.life !== life) throw notOpened();
        const { list } = this;
        const { servers: nodes } = list;
        if (nodes.length === 0) throw connectFailed(new Map());
        const greetings = nodes.map(node => {
            node.open();
            // A server that asks for a login answers VERSION to anybody, NOOP not.
            return node.greet();
        });
        const answers = await Promise.allSettled(greetings);
        if (this.life !== life) throw notOpened();
        const isRefused = answers.some(one => one.status === 'rejected' && isAuthFailure(one.reason as Error));
        if ((mayBeAway && !isRefused) || answers.some(one => one.status === 'fulfilled')) {
            this.isOpened = true;
            return;
        }
        // Others have taken their place meanwhile, and may be there.
        if (this.list !== list) return this.connect(life, mayBeAway);
        await this.close();
        const faults = answers.map(answer => (answer as PromiseRejectedResult).reason as Error);
        throw faults.find(isAuthFailure) ?? connectFailed(new Map(nodes.map((node, i) => [node.address, faults[i]!])));
    }

    private drain(): Promise<void> {
        for (const node of this.everyNode) node.beginDrain();
        if (this.deadlines.size === 0 && this.batches.size === 0) return this.destroy();
        return this.untilIdle().then(() => this.destroy());
    }

    private use(list: ServerSet): ServerSet {
        for (const node of list.servers) node.isOneOfSeveral = list.servers.length > 1;
        this.servers = list.servers;
        return list;
    }

    /** A batch that has chosen this server may have further chunks for it. */
    private async dismiss(node: MemcachedServer): Promise<void> {
        this.leaving.add(node);
        node.beginDrain();
        await Promise.allSettled(this.batches);
        await node.drained();
        await node.close();
        this.leaving.delete(node);
    }

    private async untilIdle(): Promise<void> {
        await Promise.allSettled(this.batches);
        if (this.deadlines.size > 0) await new Promise<void>(resolve => (this.deadlines.onEmpty = resolve));
    }

    /** Its sockets are destroyed before it returns: a process that is about to exit gets no further turn of the event loop. */
    private async destroy(): Promise<void> {
        this.deadlines.onEmpty = null;
        const closed = this.everyNode.map(node => node.close());
        this.deadlines.stop();
        await Promise.all(closed);
    }
}
