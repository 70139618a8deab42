import { EventEmitter } from 'node:events';
import type { OnReadOpts } from 'node:net';
import type { EventLoop, VirtualTimer } from '../world/EventLoop';
import type { Pipe, Receiver } from './Pipe';

/** Subset of `net.Socket` that the client uses, with Node's order of events. */
export class SimSocket extends EventEmitter implements Receiver {
    connecting = true;
    destroyed = false;
    /** Number of bytes that the kernel has not accepted. */
    writableLength = 0;
    private outgoing: Pipe | null = null;
    private incoming: Pipe | null = null;
    private readonly unsent: Uint8Array[] = [];
    private idleMs = 0;
    private idleTimer: VirtualTimer | null = null;

    /** @param onread receives the bytes, as in `net.connect` */
    constructor(
        readonly loop: EventLoop,
        private readonly onread: OnReadOpts,
        private readonly onDestroyed: (socket: SimSocket) => void,
    ) {
        super();
    }

    connected(incoming: Pipe, outgoing: Pipe): void {
        if (this.destroyed) return;
        this.incoming = incoming;
        this.outgoing = outgoing;
        outgoing.onRoom = () => this.loop.post(0, () => this.sendMore());
        this.connecting = false;
        this.emit('connect');
    }

    fail(code: string, message: string): void {
        if (this.destroyed) return;
        this.destroy(Object.assign(new Error(message), { code }));
    }

    write(bytes: Uint8Array): boolean {
        if (this.destroyed) return false;
        this.touch();
        this.unsent.push(bytes);
        this.writableLength += bytes.length;
        this.sendMore();
        return this.writableLength === 0;
    }

    cork(): void {}

    uncork(): void {}

    setTimeout(ms: number): this {
        this.idleMs = ms;
        this.touch();
        return this;
    }

    destroy(error?: Error): this {
        if (this.destroyed) return this;
        this.outgoing?.finish();
        return this.end(error);
    }

    resetAndDestroy(): this {
        if (this.destroyed) return this;
        this.outgoing?.reset();
        return this.end();
    }

    onData(bytes: Buffer): void {
        if (this.destroyed) return;
        this.touch();
        for (let at = 0; at < bytes.length && !this.destroyed;) {
            const target = this.target();
            const count = bytes.copy(target, 0, at);
            at += count;
            this.onread.callback(count, target);
        }
    }

    onEnd(): void {
        if (this.destroyed) return;
        this.emit('end');
        this.destroy();
    }

    onReset(): void {
        if (this.destroyed) return;
        this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    }

    private last: Uint8Array | null = null;

    /** Returns the read buffer, which is the previous buffer if the sources return undefined. */
    private target(): Uint8Array {
        const { buffer } = this.onread;
        const next = (typeof buffer === 'function' ? buffer() : buffer) as Uint8Array | undefined;
        return (this.last = next ?? this.last!);
    }

    private sendMore(): void {
        const { outgoing, unsent } = this;
        if (outgoing === null || this.destroyed) return;
        while (unsent.length > 0 && outgoing.room > 0) {
            const part = unsent[0]!.subarray(0, outgoing.room);
            if (part.length === unsent[0]!.length) unsent.shift();
            else unsent[0] = unsent[0]!.subarray(part.length);
            this.writableLength -= part.length;
            outgoing.send(part);
        }
    }

    private end(error?: Error): this {
        this.destroyed = true;
        this.connecting = false;
        this.unsent.length = 0;
        this.incoming?.close();
        this.idleTimer?.close();
        this.loop.post(0, () => {
            this.onDestroyed(this);
            if (error !== undefined) this.emit('error', error);
            this.emit('close', error !== undefined);
        });
        return this;
    }

    private touch(): void {
        this.idleTimer?.close();
        this.idleTimer =
            this.idleMs === 0 || this.destroyed ? null : this.loop.setTimer(() => this.onIdle(), this.idleMs);
    }

    private onIdle(): void {
        this.idleTimer = null;
        this.emit('timeout');
    }
}
