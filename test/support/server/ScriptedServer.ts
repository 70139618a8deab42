import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { isFrame, opaqueOf, replyFrame } from '../proxy/binaryFrames';
import { MessageSplitter } from '../proxy/messages';
import { notStoredText, successText } from '../proxy/textMessages';
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
        const requests = new MessageSplitter(request => this.script(request, socket, connection));
        socket.on('error', () => {}).on('data', chunk => requests.push(chunk));
        this.onSocket(socket);
    }
}

/** The statuses of the binary protocol that scripts use. */
const STATUS = { done: 0, 'not stored': 0x05, 'unknown command': 0x81 } as const;

/** Returns an empty reply in the protocol of the request. */
export function replyTo(request: Buffer, answer: keyof typeof STATUS = 'done'): Buffer {
    if (isFrame(request)) {
        return replyFrame({ opcode: request[1], status: STATUS[answer], opaque: opaqueOf(request) });
    }
    if (answer === 'unknown command') return Buffer.from('ERROR\r\n');
    return answer === 'done' ? successText(request) : notStoredText(request);
}

export function answer(request: Buffer, socket: Socket): void {
    socket.write(replyTo(request));
}
