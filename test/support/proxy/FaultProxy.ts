import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { once } from 'node:events';

import { FrameSplitter } from './frames';

/** What a proxy does instead of passing on. Everything that is left out passes. */
export interface Fault {
    /** Happens to every link that is open when the fault begins. */
    strike?(link: Link): void;
    /** Happens to every link that is made while the fault lasts. */
    accept?(link: Link): void;
    /** A chunk of the client's bytes. */
    request?(link: Link, chunk: Buffer): void;
    /** A whole reply of the server, also each reply that was held back when the fault began. */
    reply?(link: Link, frame: Buffer): void;
    /** Not even the end of a connection is answered. */
    mute?: boolean;
}

interface Owner {
    readonly fault: Fault;
    onFrame(counter: 'requestFrames' | 'replyFrames'): void;
}

/** One connection of the client, and the proxy's connection to the server on its behalf. */
export class Link {
    readonly held: Buffer[] = [];
    private readonly upstream: Socket;

    constructor(
        private readonly client: Socket,
        upstreamPort: number,
        private readonly owner: Owner,
    ) {
        this.upstream = connect({ port: upstreamPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
        const requests = new FrameSplitter(() => owner.onFrame('requestFrames'));
        const replies = new FrameSplitter(frame => {
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

    /** What was written arrives, then a FIN; the client may still talk. */
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

/** Keeps replies back until the next fault (or `passing`) decides about them: this is how calls are caught in flight. */
export const holding: Fault = {
    reply(link, frame) {
        link.held.push(frame);
    },
    mute: true,
};

/** A TCP proxy before a real memcached, with one fault at a time, to be changed while calls are in flight. */
export class FaultProxy implements Owner {
    fault: Fault = passing;
    /** Whole frames seen since the start, over all links. */
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

    /** Connections that the client holds open at this moment. */
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

    /** Nobody listens any more: open connections are reset, new ones refused. */
    async refuse(): Promise<void> {
        const stopped = this.stopListening();
        for (const link of [...this.links]) link.reset();
        await stopped;
    }

    /** After `refuse`: listens on the same port as before, and is honest. */
    async listenAgain(): Promise<void> {
        this.fault = passing;
        const listener = createServer({ allowHalfOpen: true }, socket => this.onConnection(socket));
        listener.listen(this.listeningPort, '127.0.0.1');
        await once(listener, 'listening');
        this.listener = listener;
        this.listeningPort = (listener.address() as AddressInfo).port;
    }

    /** Resolves when the condition holds; it is looked at whenever a frame has passed or a link has come or gone. */
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
        // Resolves when the connections are gone too.
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
