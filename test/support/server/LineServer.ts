import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Returns the reply to a line without its end, or null to close the connection. */
export type LineScript = (line: string, socket: Socket, connection: number) => string | null;

/** A server of lines of text, whose script answers each of them. It does not read values. */
export class LineServer {
    readonly host = '127.0.0.1';
    connections = 0;
    private readonly sockets = new Set<Socket>();

    private constructor(
        private readonly listener: Server,
        public script: LineScript,
    ) {
        listener.on('connection', (socket: Socket) => this.accept(socket));
    }

    static async start(script: LineScript): Promise<LineServer> {
        const listener = createServer({ noDelay: true });
        await once(listener.listen(0, '127.0.0.1'), 'listening');
        return new LineServer(listener, script);
    }

    get port(): number {
        return (this.listener.address() as AddressInfo).port;
    }

    async end(): Promise<void> {
        for (const socket of this.sockets) socket.destroy();
        await new Promise(resolve => this.listener.close(resolve));
    }

    private accept(socket: Socket): void {
        const connection = this.connections++;
        this.sockets.add(socket);
        let rest = '';
        socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
        socket.on('data', chunk => {
            const lines = (rest + chunk.toString('latin1')).split('\n');
            rest = lines.pop()!;
            for (const line of lines) {
                const reply = this.script(line.replace(/\r$/, ''), socket, connection);
                if (reply === null) return void socket.destroy();
                socket.write(reply);
            }
        });
    }
}

/** The statistics that a kind of endpoint answers. */
const STATS: Record<string, Record<string, string>> = {
    memcached: { proxy: 'END', settings: 'STAT cas_enabled yes\r\nEND' },
    proxy: { proxy: 'STAT cmd_mg 0\r\nEND', settings: 'STAT cas_enabled yes\r\nEND' },
    managed: { proxy: 'ERROR', settings: 'ERROR' },
};

/** Answers the handshake of the meta protocol, and every other line with `EN` or `rest`. */
export function handshakeOf(kind: keyof typeof STATS, rest: LineScript = () => 'EN\r\n'): LineScript {
    const replies = new Map([
        ['version', 'VERSION 1.6.45'],
        ['mn', 'MN'],
        ...Object.entries(STATS[kind]!).map(([group, reply]) => [`stats ${group}`, reply] as const),
    ]);
    return (line, socket, connection) => {
        if (line.startsWith('\x80')) return kind === 'memcached' ? 'ERROR\r\n' : null;
        const reply = replies.get(line.replace(/^mn O..$/, 'mn'));
        return reply === undefined ? rest(line, socket, connection) : `${reply}\r\n`;
    };
}
