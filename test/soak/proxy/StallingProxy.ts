import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * The fate of bytes that the path holds when the client resets the connection.
 *
 * - `network` drops the bytes, as plain TCP does. A kernel retransmits nothing after a reset.
 * - `middlebox` delivers the bytes. A proxy or the receive buffer of the server already has the
 *   bytes.
 *
 * In both modes the path delivers the bytes when the client only closes the connection (FIN). The
 * path drops the bytes when the server's side closes the connection.
 */
export type Mode = 'network' | 'middlebox';

/**
 * Arguments of a memcached behind the proxy. With its one thread, memcached executes all pending
 * requests of a connection at once, in the order of delivery.
 */
export const IN_ORDER = ['-t', '1', '-R', '1000'];

/** The way in which the server's side closes the connection. */
export type End = 'fin' | 'reset';

/**
 * A connection from the client to the proxy, and the matching connection from the proxy to the
 * server.
 */
export class Path {
    /** The bytes that the path holds, by direction, or null if the path passes all bytes on. */
    private requests: Buffer[] | null = null;
    private replies: Buffer[] | null = null;
    /** The way in which the server's side closes the connection to the client. */
    private end: End = 'fin';
    private torn: 'request' | 'reply' | null = null;
    private share = 0.5;
    private hasClientEnded = false;
    private readonly upstream: Socket;

    constructor(
        private readonly client: Socket,
        upstreamPort: number,
        private readonly mode: Mode,
        onGone: () => void,
    ) {
        this.upstream = connect({ port: upstreamPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
        client.on('data', chunk => this.onRequest(chunk));
        client.on('end', () => {
            // Node reports data and a reset that arrive together as a FIN. Only the error of a
            // write reveals the reset. No client reads the written byte, because each client closes
            // both directions.
            client.write('?');
            this.onClientEnd();
        });
        client.on('error', () => this.onClientReset());
        client.on('close', () => this.onClientEnd());
        this.upstream.on('data', chunk => this.onReply(chunk));
        this.upstream.on('error', () => client.destroy());
        this.upstream.on('end', () => this.upstream.end());
        this.upstream.on('close', () => {
            this.closeClient();
            onGone();
        });
    }

    /** Whether the client uses the connection without a fault. */
    get isHealthy(): boolean {
        return !this.hasClientEnded && this.requests === null && this.replies === null && this.torn === null;
    }

    /** Holds the client's bytes, and delivers them in order after `ms`. */
    holdRequests(ms: number): void {
        this.requests = [];
        setTimeout(() => this.releaseRequests(), ms).unref();
    }

    /** Holds the server's bytes for `ms`. */
    holdReplies(ms: number): void {
        this.replies = [];
        setTimeout(() => {
            const held = this.replies ?? [];
            this.replies = null;
            for (const chunk of held) this.toClient(chunk);
        }, ms).unref();
    }

    /**
     * Passes on a share of the next bytes in one direction, then closes the server's side. The
     * server executes no further request of this connection once the client detects the end.
     */
    tear(torn: 'request' | 'reply', end: End, share = 0.5): void {
        this.torn = torn;
        this.share = share;
        this.end = end;
    }

    destroy(): void {
        this.client.destroy();
        this.upstream.destroy();
    }

    private onRequest(chunk: Buffer): void {
        if (this.requests !== null) {
            this.requests.push(chunk);
        } else if (this.torn === 'request') {
            this.toServer(this.shareOf(chunk));
            this.upstream.end();
        } else {
            this.toServer(chunk);
        }
    }

    private onReply(chunk: Buffer): void {
        if (this.replies !== null) {
            this.replies.push(chunk);
        } else if (this.torn !== 'reply') {
            this.toClient(chunk);
        } else if (this.upstream.writable) {
            this.toClient(this.shareOf(chunk));
            this.upstream.end();
        }
    }

    private shareOf(chunk: Buffer): Buffer {
        return chunk.subarray(0, Math.floor(chunk.length * this.share));
    }

    private releaseRequests(): void {
        const held = this.requests ?? [];
        this.requests = null;
        for (const chunk of held) this.toServer(chunk);
        if (this.hasClientEnded) this.upstream.end();
    }

    private onClientEnd(): void {
        this.hasClientEnded = true;
        if (this.requests === null) this.upstream.end();
    }

    private onClientReset(): void {
        if (this.mode === 'network') this.upstream.destroy();
    }

    private closeClient(): void {
        if (this.end === 'reset' && !this.client.destroyed) this.client.resetAndDestroy();
        else this.client.destroySoon();
    }

    private toServer(chunk: Buffer): void {
        if (this.upstream.writable) this.upstream.write(chunk);
    }

    private toClient(chunk: Buffer): void {
        if (this.client.writable) this.client.write(chunk);
    }
}

/** A TCP proxy whose single connections stall or break while the others work. */
export class StallingProxy {
    readonly host = '127.0.0.1';
    private readonly paths = new Set<Path>();
    private stalledUntilMs = -Infinity;

    private constructor(
        private readonly listener: Server,
        upstreamPort: number,
        mode: Mode,
    ) {
        listener.on('connection', (socket: Socket) => {
            socket.setNoDelay(true);
            const path = new Path(socket, upstreamPort, mode, () => this.paths.delete(path));
            this.paths.add(path);
            const leftMs = this.stalledUntilMs - performance.now();
            if (leftMs > 0) path.holdRequests(leftMs);
        });
    }

    static async start({ port }: { port: number }, mode: Mode): Promise<StallingProxy> {
        const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
        await once(listener, 'listening');
        return new StallingProxy(listener, port, mode);
    }

    get port(): number {
        return (this.listener.address() as AddressInfo).port;
    }

    /** Returns the connections that a fault may affect. */
    healthy(): Path[] {
        return [...this.paths].filter(path => path.isHealthy);
    }

    /** Stalls all connections, including new connections, for `ms`. */
    stall(ms: number): void {
        this.stalledUntilMs = performance.now() + ms;
        for (const path of this.healthy()) path.holdRequests(ms);
    }

    async end(): Promise<void> {
        const closed = once(this.listener, 'close');
        this.listener.close();
        for (const path of this.paths) path.destroy();
        await closed;
    }
}
