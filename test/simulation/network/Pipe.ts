import type { EventLoop } from '../world/EventLoop';
import type { Random } from '../world/Random';
import type { World } from '../world/World';

/** One end of a connection. */
export interface Receiver {
    readonly loop: EventLoop;
    onData(bytes: Buffer): void;
    onEnd(): void;
    onReset(): void;
}

interface Segment {
    atMs: number;
    readonly bytes: Buffer | null;
    /** End of the stream, for a segment without bytes. */
    readonly end: 'fin' | 'reset' | null;
}

/** Maximum number of bytes that one read takes from the kernel. */
const READ_BYTES = 64 * 1024;

export interface Delays {
    readonly latencyMs: number;
    /** Maximum extra delay of a segment. */
    readonly jitterMs: number;
    /** Maximum number of cuts in one write. */
    readonly maxCuts: number;
    /** Bytes that the kernels buffer per direction before a write must wait. */
    readonly windowBytes: number;
}

/**
 * One direction of a connection. Bytes arrive in order, but possibly in other pieces than the
 * sender has written, as with TCP. The kernels buffer unread bytes, even while the reading process
 * stands still.
 */
export class Pipe {
    private readonly segments: Segment[] = [];
    private lastMs = 0;
    private unread = 0;
    private stalledUntilMs = 0;
    private isOver = false;
    /** Runs when a full pipe has room again. */
    onRoom: (() => void) | null = null;
    receiver: Receiver | null = null;

    constructor(
        private readonly world: World,
        private readonly delays: Delays,
        private readonly random: Random,
    ) {}

    get room(): number {
        return this.delays.windowBytes - this.unread;
    }

    /** Copies the bytes, because the caller may reuse its buffer. */
    send(bytes: Uint8Array): void {
        if (this.isOver || bytes.length === 0) return;
        this.unread += bytes.length;
        const cuts = this.random.int(0, this.delays.maxCuts);
        // The number of draws must not depend on the bytes. Even an empty piece draws a delay.
        const at = Array.from({ length: cuts }, () => Math.floor(this.random.next() * bytes.length)).sort(byValue);
        let from = 0;
        for (const to of [...at, bytes.length]) {
            const delayMs = this.delayMs();
            if (to > from) this.push({ atMs: 0, bytes: Buffer.from(bytes.subarray(from, to)), end: null }, delayMs);
            from = to;
        }
    }

    /** Ends the stream in order, after all sent bytes. */
    finish(): void {
        if (this.isOver) return;
        this.push({ atMs: 0, bytes: null, end: 'fin' });
        this.isOver = true;
    }

    /**
     * Resets the connection from the sender. Bytes in flight still arrive, but the sender drops
     * unsent bytes.
     */
    reset(): void {
        if (this.isOver) return;
        this.isOver = true;
        if (this.isStalled) {
            this.segments.length = 0;
            this.unread = 0;
        }
        this.push({ atMs: 0, bytes: null, end: 'reset' });
    }

    /** Resets the connection from the network, which drops bytes in flight. */
    abort(): void {
        if (this.isOver) return;
        this.isOver = true;
        const arrived = this.segments.filter(({ atMs }) => atMs <= this.world.nowMs);
        this.segments.splice(0, Infinity, ...arrived);
        this.lastMs = 0;
        this.push({ atMs: 0, bytes: null, end: 'reset' });
    }

    /** Stops reading. */
    close(): void {
        this.isOver = true;
        this.segments.length = 0;
        this.receiver = null;
    }

    /** Holds back all bytes until `untilMs`. Infinity means forever. */
    stall(untilMs: number): void {
        this.stalledUntilMs = Math.max(this.stalledUntilMs, untilMs);
        for (const segment of this.segments) {
            if (segment.atMs <= this.world.nowMs || segment.atMs >= untilMs) continue;
            segment.atMs = untilMs;
            this.scheduleRead(segment);
        }
        this.lastMs = Math.max(this.lastMs, untilMs);
    }

    get isStalled(): boolean {
        return this.stalledUntilMs > this.world.nowMs;
    }

    private delayMs(): number {
        return this.delays.latencyMs + this.random.next() * this.delays.jitterMs;
    }

    private push(segment: Segment, delayMs = this.delayMs()): void {
        const arrivesMs = Math.max(this.world.nowMs, this.stalledUntilMs) + delayMs;
        this.lastMs = segment.atMs = Math.max(this.lastMs, arrivesMs);
        this.segments.push(segment);
        this.scheduleRead(segment);
    }

    private scheduleRead({ atMs }: Segment): void {
        if (atMs < Infinity) this.receiver?.loop.post(atMs, () => this.read());
    }

    private read(): void {
        const { segments, receiver } = this;
        const first = segments[0];
        if (receiver === null || first === undefined || first.atMs > this.world.nowMs) return;
        if (first.end !== null) {
            this.close();
            if (first.end === 'fin') receiver.onEnd();
            else receiver.onReset();
            return;
        }
        const bytes = this.takeArrived();
        this.unread -= bytes.length;
        if (this.onRoom !== null && this.room > 0) this.onRoom();
        // The receiver reads the remaining bytes before any other event of this connection.
        if (segments.length > 0)
            this.scheduleRead({ ...segments[0]!, atMs: Math.max(segments[0]!.atMs, this.world.nowMs) });
        receiver.onData(bytes);
    }

    private takeArrived(): Buffer {
        const { segments } = this;
        const taken: Buffer[] = [];
        let length = 0;
        while (segments.length > 0 && segments[0]!.bytes !== null && segments[0]!.atMs <= this.world.nowMs) {
            const { bytes } = segments[0]!;
            const room = READ_BYTES - length;
            if (room === 0) break;
            taken.push(bytes!.subarray(0, room));
            length += Math.min(room, bytes!.length);
            if (bytes!.length <= room) segments.shift();
            else segments[0] = { ...segments[0]!, bytes: bytes!.subarray(room) };
        }
        return taken.length === 1 ? taken[0]! : Buffer.concat(taken);
    }
}

function byValue(one: number, other: number): number {
    return one - other;
}
