import { once } from 'node:events';
import * as net from 'node:net';
import * as tls from 'node:tls';
import type { Certificate } from './certificate';

/** Returns a reply to `config get cluster`, as ElastiCache sends it. */
export function clusterReply(version: number | string, ...servers: string[]): string {
    const body = `${version}\n${servers.join(' ')}\n`;
    return `CONFIG cluster 0 ${body.length}\r\n${body}\r\nEND\r\n`;
}

/** The stub of a cluster's configuration endpoint. It answers each line of a request. */
export class ClusterEndpoint {
    readonly host = '127.0.0.1';
    /** The reply to `config get cluster`. '' = none. */
    reply = 'ERROR\r\n';
    /** The place at which the reply is cut in two writes. */
    cutAt = 0;
    /** Whether the connection closes behind the reply. */
    isClosing = false;
    /** The login that the endpoint demands. */
    login: string | null = null;
    asked = 0;
    /** All lines that clients have sent. */
    readonly lines: string[] = [];
    private readonly sockets = new Set<net.Socket>();
    private readonly waiters: (() => void)[] = [];

    private constructor(private readonly server: net.Server) {}

    get port(): number {
        return (this.server.address() as net.AddressInfo).port;
    }

    get openSockets(): number {
        return this.sockets.size;
    }

    static async start(certificate: Certificate | null = null): Promise<ClusterEndpoint> {
        const server = certificate === null ? net.createServer() : tls.createServer(certificate);
        const endpoint = new ClusterEndpoint(server);
        server.on(certificate === null ? 'connection' : 'secureConnection', (socket: net.Socket) => {
            endpoint.accept(socket);
        });
        await once(server.listen(0, '127.0.0.1'), 'listening');
        return endpoint;
    }

    /** Sets the reply to a list of servers. */
    lists(version: number, ...servers: { readonly host: string; readonly port: number }[]): void {
        this.reply = clusterReply(version, ...servers.map(({ host, port }) => `${host}|${host}|${port}`));
    }

    /** Waits until the endpoint has been asked as often. */
    async askedTimes(times: number): Promise<void> {
        while (this.asked < times) await new Promise<void>(resolve => this.waiters.push(resolve));
    }

    async end(): Promise<void> {
        for (const socket of this.sockets) socket.destroy();
        this.server.close();
        await once(this.server, 'close');
    }

    private accept(socket: net.Socket): void {
        this.sockets.add(socket.on('close', () => this.sockets.delete(socket)).on('error', () => {}));
        let isLoggedIn = this.login === null;
        let rest = '';
        socket.on('data', (chunk: Buffer) => {
            const lines = (rest + chunk.toString()).split('\r\n');
            rest = lines.pop()!;
            for (const one of lines) {
                this.lines.push(one);
                if (one === this.login) isLoggedIn = true;
                if (one.startsWith('config') && isLoggedIn) this.answer(socket);
                else if (one.startsWith('config')) socket.write('CLIENT_ERROR unauthenticated\r\n');
                else if (!one.startsWith('set '))
                    socket.write(isLoggedIn ? 'STORED\r\n' : 'CLIENT_ERROR authentication failure\r\n');
            }
        });
    }

    private answer(socket: net.Socket): void {
        const { reply, cutAt } = this;
        socket.setNoDelay(true);
        socket.write(reply.slice(0, cutAt), 'latin1');
        // The client reads the first part before the second is sent.
        setImmediate(() =>
            setImmediate(() => {
                socket.write(reply.slice(cutAt), 'latin1');
                if (this.isClosing) socket.end();
            }),
        );
        this.asked++;
        for (const wake of this.waiters.splice(0)) wake();
    }
}
