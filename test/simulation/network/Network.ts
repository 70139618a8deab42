import type { NetConnectOpts, OnReadOpts, Socket } from 'node:net';
import type { EventLoop } from '../world/EventLoop';
import type { Random } from '../world/Random';
import type { World } from '../world/World';
import { Pipe, type Delays, type Receiver } from './Pipe';
import { SimSocket } from './SimSocket';

/** Server side of the network. */
export interface Listener {
    readonly name: string;
    readonly isListening: boolean;
    /** Returns the receiver of the client's bytes. */
    accept(connection: Connection): Receiver;
}

export type Direction = 'both' | 'toServer' | 'toClient';

/** Both directions of a connection, as the server sees it. */
export interface Connection {
    readonly client: string;
    readonly toServer: Pipe;
    readonly toClient: Pipe;
    /** Whether the connection has ended, so that the server executes no further request of it. */
    readonly isCut: boolean;
    /** Ends the connection from the server or the network. A `reset` drops replies in flight. */
    cut(how: 'fin' | 'reset'): void;
}

class Link implements Connection {
    isCut = false;

    constructor(
        readonly client: string,
        readonly server: string,
        readonly socket: SimSocket,
        readonly toServer: Pipe,
        readonly toClient: Pipe,
    ) {}

    cut(how: 'fin' | 'reset'): void {
        if (how === 'fin') this.toClient.finish();
        else this.toClient.abort();
        this.toServer.close();
        this.isCut = true;
    }
}

/** Connections between every process and every server, with their faults. */
export class Network {
    private readonly listeners = new Map<string, Listener>();
    private readonly links = new Set<Link>();
    private readonly sockets = new Map<SimSocket, { readonly process: string; readonly server: string }>();
    /** Times until which no bytes pass between a process and a server. */
    private readonly stalls = new Map<string, number>();
    private opened = 0;

    constructor(
        private readonly world: World,
        private readonly random: Random,
        private readonly delays: (random: Random) => Delays,
    ) {}

    listen(listener: Listener): void {
        this.listeners.set(listener.name, listener);
    }

    /** Counts the open and opening sockets of a process, to one server or to all. */
    socketsOf(process: string, server?: string): number {
        let count = 0;
        for (const one of this.sockets.values())
            if (one.process === process && (server === undefined || one.server === server)) count++;
        return count;
    }

    connect(loop: EventLoop, options: NetConnectOpts): Socket {
        const { host, onread } = options as { host: string; onread: OnReadOpts };
        const socket = new SimSocket(loop, onread, one => this.sockets.delete(one));
        this.sockets.set(socket, { process: loop.name, server: host });
        const random = this.random.of(`${++this.opened}`);
        const delays = this.delays(random);
        const untilMs = Math.max(this.world.nowMs, this.stalls.get(route(loop.name, host)) ?? 0);
        const arrivesMs = untilMs + 2 * delays.latencyMs + random.next() * delays.jitterMs;
        if (arrivesMs < Infinity) loop.post(arrivesMs, () => this.establish(socket, loop, host, delays, random));
        return socket as unknown as Socket;
    }

    /**
     * Holds back all bytes for this time. With Infinity, existing connections stay silent in this
     * direction forever, but new connections work.
     */
    stall(process: string, server: string, forMs: number, direction: Direction): void {
        const untilMs = this.world.nowMs + forMs;
        for (const link of this.linksOf(process, server)) {
            if (direction !== 'toClient') link.toServer.stall(untilMs);
            if (direction !== 'toServer') link.toClient.stall(untilMs);
        }
        if (forMs < Infinity && direction === 'both') this.stalls.set(route(process, server), untilMs);
    }

    /** Ends the connections as the server does. */
    cut(process: string, server: string, how: 'fin' | 'reset'): void {
        for (const link of this.linksOf(process, server)) link.cut(how);
    }

    /** Closes the connections of a killed process, as its kernel does. */
    drop(process: string): void {
        for (const link of this.links) if (link.client === process) link.toServer.reset();
        for (const [socket, owner] of this.sockets) if (owner.process === process) this.sockets.delete(socket);
    }

    private establish(socket: SimSocket, loop: EventLoop, host: string, delays: Delays, random: Random): void {
        if (socket.destroyed) return;
        const listener = this.listeners.get(host);
        if (listener?.isListening !== true) return socket.fail('ECONNREFUSED', `connect ECONNREFUSED ${host}`);
        const toServer = new Pipe(this.world, delays, random.of('to server'));
        const toClient = new Pipe(this.world, delays, random.of('to client'));
        const link = new Link(loop.name, host, socket, toServer, toClient);
        this.links.add(link);
        toServer.receiver = listener.accept(link);
        toClient.receiver = socket;
        const stalledMs = this.stalls.get(route(loop.name, host)) ?? 0;
        for (const pipe of [toServer, toClient]) if (stalledMs > this.world.nowMs) pipe.stall(stalledMs);
        socket.connected(toClient, toServer);
    }

    private *linksOf(process: string, server: string): Iterable<Link> {
        for (const link of this.links) {
            if (link.socket.destroyed) this.links.delete(link);
            else if (link.client === process && link.server === server) yield link;
        }
    }
}

function route(process: string, server: string): string {
    return `${process} ${server}`;
}
