import type { EventLoop } from '../world/EventLoop';
import type { Random } from '../world/Random';
import type { World } from '../world/World';

/** What arrives at one end of a connection. */
export interface Receiver {
    readonly loop: EventLoop;
    onData(bytes: Buffer): void;
    onEnd(): void;
    onReset(): void;
}

interface Segment {
    atMs: number;
    readonly bytes: Buffer | null;
    /** Without bytes: how the stream ends. */
    readonly end: 'fin' | 'reset' | null;
}

/** The most that one read takes out of the kernel. */
const READ_BYTES = 64 * 1024;

export interface Delays {
    readonly latencyMs: number;
    /** Up to so much more, for each segment. */
    readonly jitterMs: number;
    /** Into up to so many segments a write is cut. */
    readonly mostCuts: number;
    /** What the kernels hold of one direction before a write has to wait. */
    readonly windowBytes: number;
}

/**
 * One direction of a connection: bytes in order, cut and merged as TCP may do it. What has been sent
 * and not read lies in the kernels, also while the process that should read it is held.
 */
export class Pipe {
    private readonly segments: Segment[] = [];
    private lastMs = 0;
    private unread = 0;
    private stalledUntilMs = 0;
    private isOver = false;
    /** Called when there is room again, after there was none. */
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

    /** Keeps a copy: the caller may use its buffer again. */
    send(bytes: Uint8Array): void {
        if (this.isOver || bytes.length === 0) return;
        this.unread += bytes.length;
        const cuts = this.random.int(0, this.delays.mostCuts);
        // Fractions, so that what is drawn does not depend on what is sent.
        const at = Array.from({ length: cuts }, () => Math.floor(this.random.next() * bytes.length)).sort(byValue);
        let from = 0;
        for (const to of [...at, bytes.length]) {
            if (to > from) this.push({ atMs: 0, bytes: Buffer.from(bytes.subarray(from, to)), end: null });
            from = to;
        }
    }

    /** Orderly: after everything that was sent. */
    finish(): void {
        if (this.isOver) return;
        this.push({ atMs: 0, bytes: null, end: 'fin' });
        this.isOver = true;
    }

    /** What has not left the sender is dropped; what is on its way arrives, and then the reset. */
    reset(): void {
        if (this.isOver) return;
        this.isOver = true;
        if (this.isStalled) {
            this.segments.length = 0;
            this.unread = 0;
        }
        this.push({ atMs: 0, bytes: null, end: 'reset' });
    }

    /** Reset by something on the way: what has not arrived yet does not arrive any more. */
    abort(): void {
        if (this.isOver) return;
        this.isOver = true;
        const arrived = this.segments.filter(({ atMs }) => atMs <= this.world.nowMs);
        this.segments.splice(0, Infinity, ...arrived);
        this.lastMs = 0;
        this.push({ atMs: 0, bytes: null, end: 'reset' });
    }

    /** Nothing more is read. */
    close(): void {
        this.isOver = true;
        this.segments.length = 0;
        this.receiver = null;
    }

    /** Nothing arrives before that; Infinity: never. */
    stall(untilMs: number): void {
        this.stalledUntilMs = Math.max(this.stalledUntilMs, untilMs);
        for (const segment of this.segments) {
            if (segment.atMs <= this.world.nowMs || segment.atMs >= untilMs) continue;
            segment.atMs = untilMs;
            this.announce(segment);
        }
        this.lastMs = Math.max(this.lastMs, untilMs);
    }

    get isStalled(): boolean {
        return this.stalledUntilMs > this.world.nowMs;
    }

    private push(segment: Segment): void {
        const { latencyMs, jitterMs } = this.delays;
        const arrivesMs = Math.max(this.world.nowMs, this.stalledUntilMs) + latencyMs + this.random.next() * jitterMs;
        this.lastMs = segment.atMs = Math.max(this.lastMs, arrivesMs);
        this.segments.push(segment);
        this.announce(segment);
    }

    private announce({ atMs }: Segment): void {
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
        // What did not fit is read next, and before anything else of this connection.
        if (segments.length > 0)
            this.announce({ ...segments[0]!, atMs: Math.max(segments[0]!.atMs, this.world.nowMs) });
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
