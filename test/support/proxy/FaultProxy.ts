import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { once } from 'node:events';

import { MessageSplitter } from './messages';

/** The behaviour of a proxy. A missing handler passes the data on. */
export interface Fault {
    /** Runs for every link that is open when the fault begins. */
    strike?(link: Link): void;
    /** Runs for every link that opens during the fault. */
    accept?(link: Link): void;
    /** Handles a chunk of requests from the client. */
    request?(link: Link, chunk: Buffer): void;
    /**
     * Handles a complete reply of the server, including replies that the previous fault holds back.
     */
    reply?(link: Link, frame: Buffer): void;
    /** Whether the proxy also hides the end of a connection. */
    mute?: boolean;
}

interface Owner {
    readonly fault: Fault;
    onFrame(counter: 'requestFrames' | 'replyFrames'): void;
}

/**
 * A connection from the client to the proxy, and the matching connection from the proxy to the
 * server.
 */
export class Link {
    readonly held: Buffer[] = [];
    private readonly upstream: Socket;

    constructor(
        private readonly client: Socket,
        upstreamPort: number,
        private readonly owner: Owner,
    ) {
        this.upstream = connect({ port: upstreamPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
        const requests = new MessageSplitter(() => owner.onFrame('requestFrames'));
        const replies = new MessageSplitter(frame => {
            if (owner.fault.reply) owner.fault.reply(this, frame);
            else this.toClient(frame);
            owner.onFrame('replyFrames');
        });
        client.setNoDelay(true);
        client.on('data', chunk => {
            if (owner.fault.request) owner.fault.request(this, chunk);
            else this.toServer(chunk);
            requests.push(chunk);
        });
        client.on('end', () => this.upstream.end());
        client.on('close', () => this.upstream.end());
        client.on('error', () => this.upstream.destroy());
        this.upstream.on('data', chunk => replies.push(chunk));
        this.upstream.on('end', () => this.endIfUpstreamHas());
        this.upstream.on('error', () => this.reset());
    }

    /** Whether the client still holds this connection. */
    get isOpen(): boolean {
        return !this.client.readableEnded && !this.client.destroyed;
    }

    toServer(chunk: Buffer): void {
        if (this.upstream.writable) this.upstream.write(chunk);
    }

    toClient(chunk: Buffer): void {
        if (this.client.writable) this.client.write(chunk);
    }

    /** Ends the connection with a FIN after the written data. The client may still send. */
    end(): void {
        if (this.client.writable) this.client.end();
    }

    endIfUpstreamHas(): void {
        if (this.upstream.readableEnded && this.owner.fault.mute !== true) this.end();
    }

    reset(): void {
        if (!this.client.destroyed) this.client.resetAndDestroy();
    }

    destroy(): void {
        this.client.destroy();
        this.upstream.destroy();
    }
}

export const passing: Fault = {};

/**
 * A fault that holds replies back, so that the next fault affects calls in flight. `passing`
 * delivers the replies.
 */
export const holding: Fault = {
    reply(link, frame) {
        link.held.push(frame);
    },
    mute: true,
};

/** A TCP proxy before a real memcached with one fault at a time, which may change during calls. */
export class FaultProxy implements Owner {
    fault: Fault = passing;
    /** The number of complete frames on all links since the start. */
    requestFrames = 0;
    replyFrames = 0;
    readonly host = '127.0.0.1';
    private readonly links = new Set<Link>();
    private listener: Server | null = null;
    private listeningPort = 0;
    private watchers: (() => void)[] = [];

    private constructor(private readonly upstreamPort: number) {}

    static async start(upstreamPort: number): Promise<FaultProxy> {
        const proxy = new FaultProxy(upstreamPort);
        await proxy.listenAgain();
        return proxy;
    }

    get port(): number {
        return this.listeningPort;
    }

    /** The number of connections that the client holds open. */
    get linkCount(): number {
        return [...this.links].filter(link => link.isOpen).length;
    }

    begin(fault: Fault): void {
        this.fault = fault;
        for (const link of [...this.links]) {
            fault.strike?.(link);
            for (const frame of link.held.splice(0)) {
                if (fault.reply) fault.reply(link, frame);
                else link.toClient(frame);
            }
            link.endIfUpstreamHas();
        }
    }

    /** Stops listening, and resets open connections. The kernel then refuses new connections. */
    async refuse(): Promise<void> {
        const stopped = this.stopListening();
        for (const link of [...this.links]) link.reset();
        await stopped;
    }

    /** Listens again on the same port after `refuse`, without a fault. */
    async listenAgain(): Promise<void> {
        this.fault = passing;
        const listener = createServer({ allowHalfOpen: true }, socket => this.onConnection(socket));
        listener.listen(this.listeningPort, '127.0.0.1');
        await once(listener, 'listening');
        this.listener = listener;
        this.listeningPort = (listener.address() as AddressInfo).port;
    }

    /**
     * Resolves when the condition holds. The proxy checks the condition after each frame, and when
     * a link opens or closes.
     */
    async until(condition: (proxy: this) => boolean): Promise<void> {
        if (condition(this)) return;
        await new Promise<void>(resolve => {
            const watch = (): void => {
                if (!condition(this)) return;
                this.watchers = this.watchers.filter(other => other !== watch);
                resolve();
            };
            this.watchers.push(watch);
        });
    }

    async end(): Promise<void> {
        const stopped = this.stopListening();
        for (const link of [...this.links]) link.destroy();
        await stopped;
    }

    onFrame(counter: 'requestFrames' | 'replyFrames'): void {
        this[counter]++;
        this.notify();
    }

    private async stopListening(): Promise<void> {
        const listener = this.listener;
        if (listener === null) return;
        this.listener = null;
        // The callback runs after all connections have closed.
        await new Promise(resolve => listener.close(resolve));
    }

    private onConnection(socket: Socket): void {
        const link = new Link(socket, this.upstreamPort, this);
        this.links.add(link);
        socket.on('end', () => this.notify());
        socket.on('close', () => {
            this.links.delete(link);
            this.notify();
        });
        this.fault.accept?.(link);
        this.notify();
    }

    private notify(): void {
        for (const watch of [...this.watchers]) watch();
    }
}
