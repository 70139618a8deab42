import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../world/Random';
import { World } from '../../world/World';
import type { FrontEnd, Variant } from '../protocols/FrontEnd';
import { ModelServer, type ServerSettings } from '../ModelServer';
import { openFrontEnd } from '../protocols/openFrontEnd';

/** Connection to a memcached, real or model. */
export interface Peer {
    /** Sends bytes in one write. Returns the replies, and CLOSED if the connection closes. */
    send(bytes: Buffer, expected: string): Promise<string>;
}

export const CLOSED = '<closed>';
/** Waiting time for replies that do not come. */
const QUIET_MS = 2000;
/** Waiting time for replies that must not come. */
const SURPLUS_MS = 50;

/** Starts a model without a network. Its clock stands still. */
export function startModel(settings: Partial<ServerSettings>, variant: Variant): ModelServer {
    const random = new Random(1);
    const world = new World(random);
    const all = { hasCas: true, hasLogin: false, requestMs: 0, ...settings };
    return new ModelServer('model', world, world.newLoop('model'), all, random, variant);
}

/** Connection to the model. */
export class ModelPeer implements Peer {
    private input: Buffer = Buffer.alloc(0);
    private frontEnd: FrontEnd | null = null;

    constructor(private readonly server: ModelServer) {}

    send(bytes: Buffer): Promise<string> {
        this.input = Buffer.concat([this.input, bytes]);
        const frontEnd = (this.frontEnd ??= openFrontEnd(this.server, 'test', this.input[0]!));
        const replies: Buffer[] = [];
        for (let length; (length = frontEnd.lengthOf(this.input, 0)) > 0;) {
            const isOpen = frontEnd.answer(this.input.subarray(0, length), replies);
            this.input = this.input.subarray(length);
            if (!isOpen) return Promise.resolve(Buffer.concat(replies).toString('latin1') + CLOSED);
        }
        return Promise.resolve(Buffer.concat(replies).toString('latin1'));
    }
}

/** Connection to a real memcached. */
export class SocketPeer implements Peer {
    private received = '';
    private isClosed = false;
    private onEvent = (): void => {};

    private constructor(private readonly socket: Socket) {
        socket
            .on('error', () => {})
            .on('data', (chunk: Buffer) => {
                this.received += chunk.toString('latin1');
                this.onEvent();
            });
        socket.on('close', () => {
            this.isClosed = true;
            this.onEvent();
        });
    }

    static async open(socket: Socket): Promise<SocketPeer> {
        await once(socket, 'connect');
        return new SocketPeer(socket);
    }

    /** @param expected the number of bytes to wait for; without it, the method waits for a moment */
    async send(bytes: Buffer, expected: string): Promise<string> {
        this.received = '';
        this.socket.write(bytes);
        const isDone = (): boolean =>
            this.isClosed || (!expected.endsWith(CLOSED) && expected !== '' && this.received.length >= expected.length);
        const endMs = performance.now() + (expected === '' ? SURPLUS_MS : QUIET_MS);
        while (!isDone() && performance.now() < endMs) await Promise.race([this.event(), delay(SURPLUS_MS)]);
        return this.received + (this.isClosed ? CLOSED : '');
    }

    /** Waits for replies with this end. */
    async until(bytes: Buffer, end: string): Promise<string> {
        this.received = '';
        this.socket.write(bytes);
        while (!this.received.endsWith(end) && !this.isClosed) await this.event();
        return this.received;
    }

    private event(): Promise<void> {
        return new Promise(resolve => (this.onEvent = resolve));
    }

    end(): void {
        this.socket.destroy();
    }
}
