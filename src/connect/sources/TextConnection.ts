import * as net from 'node:net';
import * as tls from 'node:tls';
import type { ServerAddress } from '../../client/model/ServerAddress';
import { onAbort } from '../../util/onAbort';

const MAX_REPLY_BYTES = 1024 * 1024;

/** A text connection to one server, for one question after the other. Its first fault ends it. */
export class TextConnection {
    private readonly socket: net.Socket;
    private readonly stopListening: () => void;
    private reply = '';
    private fault: Error | null = null;
    private onProgress = (): void => {};

    constructor({ host, port, tls: secure }: ServerAddress, signal: AbortSignal) {
        const socket = secure ? tls.connect({ ...secure, host, port }) : net.connect({ host, port });
        this.socket = socket.setEncoding('latin1');
        this.stopListening = onAbort(signal, () => this.fail(new Error('the lookup was stopped')));
        socket
            .on('data', (chunk: unknown) => this.receive(chunk as string))
            .on('error', (error: Error) => this.fail(error))
            .on('close', () => this.fail(new Error('the server closed the connection before the end of its reply')));
    }

    /** Sends the request. Resolves with its reply. */
    async ask(request: string, isComplete: (reply: string) => boolean): Promise<string> {
        this.reply = '';
        if (this.fault === null) this.socket.write(request, 'latin1');
        while (this.fault === null && !isComplete(this.reply)) {
            await new Promise<void>(resolve => (this.onProgress = resolve));
        }
        if (this.fault !== null) throw this.fault;
        return this.reply;
    }

    close(): void {
        this.stopListening();
        this.fail(new Error('closed'));
    }

    private receive(chunk: string): void {
        this.reply += chunk;
        if (this.reply.length > MAX_REPLY_BYTES) this.fail(new Error(`the reply is over ${MAX_REPLY_BYTES} bytes`));
        this.onProgress();
    }

    private fail(fault: Error): void {
        this.fault ??= fault;
        this.socket.destroy();
        this.onProgress();
    }
}
