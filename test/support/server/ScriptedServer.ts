import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { FrameSplitter, opaqueOf, replyFrame } from '../proxy/frames';
import type { Certificate } from './certificate';

/** Handles a request of a connection. The first connection has number 0. */
export type Script = (request: Buffer, socket: Socket, connection: number) => void;

/** A server whose script handles each request. */
export class ScriptedServer {
    readonly host = '127.0.0.1';
    readonly sockets: Socket[] = [];
    /** Runs for each new connection. */
    onSocket: (socket: Socket) => void = () => {};
    private readonly listener: Server;

    private constructor(
        public script: Script,
        certificate?: Certificate,
    ) {
        const accept = (socket: Socket): void => this.accept(socket);
        this.listener = certificate
            ? createTlsServer({ noDelay: true, ...certificate }, accept)
            : createServer({ noDelay: true }, accept);
    }

    static async start(script: Script = answer, certificate?: Certificate): Promise<ScriptedServer> {
        const server = new ScriptedServer(script, certificate);
        await once(server.listener.listen(0, server.host), 'listening');
        return server;
    }

    get port(): number {
        return (this.listener.address() as AddressInfo).port;
    }

    /** Accepts no further connection. Existing connections stay. */
    refuse(): void {
        this.listener.close();
    }

    async end(): Promise<void> {
        for (const socket of this.sockets) socket.destroy();
        await new Promise(resolve => this.listener.close(resolve));
    }

    private accept(socket: Socket): void {
        const connection = this.sockets.push(socket) - 1;
        const requests = new FrameSplitter(frame => this.script(frame, socket, connection));
        socket.on('error', () => {}).on('data', chunk => requests.push(chunk));
        this.onSocket(socket);
    }
}

/** Returns an empty reply with status "ok", or with another status. */
export function replyTo(request: Buffer, status = 0): Buffer {
    return replyFrame({ opcode: request[1], status, opaque: opaqueOf(request) });
}

export function answer(request: Buffer, socket: Socket): void {
    socket.write(replyTo(request));
}
