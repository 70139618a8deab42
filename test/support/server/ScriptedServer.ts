import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FrameSplitter } from '../proxy/frames';

/** What a script does with a request of a connection, the first of which is number 0. */
export type Script = (request: Buffer, socket: Socket, connection: number) => void;

/** A server that does with each request what a script says. */
export class ScriptedServer {
    readonly host = '127.0.0.1';
    readonly sockets: Socket[] = [];

    readonly port: number;

    private constructor(
        private readonly listener: Server,
        public script: Script,
    ) {
        this.port = (listener.address() as AddressInfo).port;
        listener.on('connection', socket => {
            const connection = this.sockets.push(socket) - 1;
            const requests = new FrameSplitter(frame => this.script(frame, socket, connection));
            socket.on('error', () => {}).on('data', chunk => requests.push(chunk));
        });
    }

    static async start(script: Script = answer): Promise<ScriptedServer> {
        const listener = createServer({ noDelay: true }).listen(0, '127.0.0.1');
        await once(listener, 'listening');
        return new ScriptedServer(listener, script);
    }

    /** Happens to each connection from now on. */
    onSocket(happens: (socket: Socket) => void): void {
        this.listener.on('connection', happens);
    }

    /** Takes no further connection; those that stand stay. */
    refuse(): void {
        this.listener.close();
    }

    async end(): Promise<void> {
        for (const socket of this.sockets) socket.destroy();
        await new Promise(resolve => this.listener.close(resolve));
    }
}

/** An empty "ok", or another status. */
export function replyTo(request: Buffer, status = 0): Buffer {
    const reply = Buffer.alloc(24);
    reply[0] = 0x81;
    reply[1] = request[1]!;
    reply.writeUInt16BE(status, 6);
    request.copy(reply, 12, 12, 16);
    return reply;
}

export function answer(request: Buffer, socket: Socket): void {
    socket.write(replyTo(request));
}
