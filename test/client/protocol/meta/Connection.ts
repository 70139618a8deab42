import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Protocol, Reply, ReplyDecoder, RequestWriter } from '../../../../src/client/protocol/Protocol';

/** The content of a reply. `stats` has the replies before the last one. */
export interface Answer {
    outcome: number;
    flags: number;
    cas: bigint;
    value: string;
    counter: bigint | null;
    stats: [string, string][];
}

export type Request = (writer: RequestWriter, opaque: number) => void;

/** A bare socket that speaks a protocol, without the client. */
export class Connection {
    private readonly writer: RequestWriter;
    private readonly decoder: ReplyDecoder;
    private readonly answers = new Map<number, (answer: Answer | Error) => void>();
    private stats: [string, string][] = [];
    private opaque: number;

    static async open(socket: Socket, protocol: Protocol): Promise<Connection> {
        await once(socket, 'connect');
        return new Connection(socket, protocol);
    }

    private constructor(
        private readonly socket: Socket,
        protocol: Protocol,
    ) {
        this.opaque = protocol.firstOpaque;
        ({ writer: this.writer, decoder: this.decoder } = protocol.open(reply => this.onReply(reply)));
        socket.on('data', (chunk: Buffer) => {
            const problem = this.decoder.push(chunk, chunk.length);
            if (problem !== null) this.end(new Error(problem));
        });
        socket.on('close', () => this.end(new Error('the server closed the connection')));
    }

    /** Sends requests in one write. Resolves when each has its reply. */
    send(...requests: Request[]): Promise<Answer[]> {
        const promises = requests.map(request => {
            const opaque = this.opaque++;
            request(this.writer, opaque);
            return new Promise<Answer>((resolve, reject) =>
                this.answers.set(opaque, answer => (answer instanceof Error ? reject(answer) : resolve(answer))),
            );
        });
        for (const part of this.writer.take()) this.socket.write(part);
        return Promise.all(promises);
    }

    async ask(request: Request): Promise<Answer> {
        return (await this.send(request))[0]!;
    }

    close(): void {
        this.socket.destroy();
    }

    private onReply(reply: Reply): boolean {
        if (reply.key() !== '') {
            this.stats.push([reply.key(), reply.text()]);
            return true;
        }
        const { outcome, flags, cas } = reply;
        const answer = { outcome, flags, cas, value: reply.text(), counter: counterOf(reply), stats: this.stats };
        this.stats = [];
        this.answers.get(reply.opaque)!(answer);
        this.answers.delete(reply.opaque);
        return true;
    }

    private end(error: Error): void {
        for (const settle of this.answers.values()) settle(error);
        this.answers.clear();
        this.socket.destroy();
    }
}

function counterOf(reply: Reply): bigint | null {
    try {
        return reply.counter();
    } catch {
        return null;
    }
}
