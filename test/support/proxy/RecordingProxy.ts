import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A proxy that counts connections, records the writes of clients, and cuts connections on demand.
 */
export class RecordingProxy {
    /** Every chunk that a client has written. */
    readonly writes: Buffer[] = [];
    /** The number of bytes that servers have sent. */
    repliedBytes = 0;
    connections = 0;
    mostAtOnce = 0;
    /**
     * The number of next chunks from clients that the proxy drops, with their connections. It
     * passes the first chunk of a connection, which is the handshake.
     */
    cutting = 0;
    private readonly sockets = new Set<Socket>();
    private readonly waiters: (() => void)[] = [];

    private constructor(
        private readonly listener: Server,
        private target: { host: string; port: number } | null,
    ) {
        listener.on('connection', (socket: Socket) => this.onConnection(socket));
    }

    /** Starts a proxy. Without a target, the proxy accepts connections and is silent. */
    static async start(target: { host: string; port: number } | null = null): Promise<RecordingProxy> {
        const listener = createServer().listen(0, '127.0.0.1');
        await once(listener, 'listening');
        return new RecordingProxy(listener, target);
    }

    readonly host = '127.0.0.1';

    get port(): number {
        return (this.listener.address() as { port: number }).port;
    }

    get openSockets(): number {
        return this.sockets.size;
    }

    /**
     * Resolves when the condition holds. The proxy checks the condition after each connection event
     * and client write.
     */
    async until(isSo: () => boolean): Promise<void> {
        while (!isSo()) await new Promise<void>(resolve => this.waiters.push(resolve));
    }

    /** Changes the target of new connections. Existing connections keep their target. */
    leadTo(target: { host: string; port: number }): void {
        this.target = target;
    }

    /** Sends bytes to every connected client, in the place of the server. */
    say(bytes: Buffer): void {
        for (const socket of this.sockets) socket.write(bytes);
    }

    async end(): Promise<void> {
        for (const socket of this.sockets) socket.destroy();
        await new Promise(resolve => this.listener.close(resolve));
    }

    private onConnection(socket: Socket): void {
        this.connections++;
        this.sockets.add(socket);
        this.mostAtOnce = Math.max(this.mostAtOnce, this.sockets.size);
        const server = this.target && connect(this.target.port, this.target.host);
        server?.on('error', () => socket.destroy()).on('close', () => socket.destroy());
        server?.on('data', data => {
            this.repliedBytes += data.length;
            socket.write(data);
        });
        socket.on('error', () => {});
        let isHandshake = true;
        socket.on('data', data => {
            this.writes.push(data);
            const isCut = this.cutting > 0 && !isHandshake;
            isHandshake = false;
            if (isCut) {
                this.cutting--;
                socket.destroy();
            } else server?.write(data);
            this.wake();
        });
        socket.on('close', () => {
            this.sockets.delete(socket);
            server?.destroy();
            this.wake();
        });
        this.wake();
    }

    private wake(): void {
        for (const wake of this.waiters.splice(0)) wake();
    }
}
