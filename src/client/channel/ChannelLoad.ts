import type { Call } from '../calls/Call';

/** The size from which on a value takes so long that small calls must not wait behind it. */
export const LARGE_BYTES = 64 * 1024;

/** The load below which one write for all calls beats a second socket. */
const SPREAD_BYTES = 256 * 1024;

/** The load that keeps a channel busy. More only fills memory with copies and socket buffers. */
const MAX_BYTES = 1024 * 1024;

/** The load of a channel: unanswered bytes, and the estimated bytes of their replies. */
export class ChannelLoad {
    /** The bytes that the next call would wait for. */
    bytes = 0;
    private largeCalls = 0;
    /** The moving average of small replies. An integer saves a heap number per call. */
    private smallReplyBytes = 100;
    /** The number of small replies since the last update of the average. */
    private smallReplies = 0;
    private smallBytes = 0;

    /** Returns whether the next call should use another channel. */
    get isHigh(): boolean {
        return this.largeCalls > 0 || this.bytes > SPREAD_BYTES;
    }

    get isFull(): boolean {
        return this.bytes >= MAX_BYTES;
    }

    add(call: Call<unknown>, sentBytes: number): void {
        call.bytesInFlight = Math.max(call.largeBytes, sentBytes) + call.frameCount * this.smallReplyBytes;
        this.bytes += call.bytesInFlight;
        if (call.largeBytes > 0) this.largeCalls++;
    }

    /** Removes the load of an answered call. */
    remove(call: Call<unknown>): void {
        this.bytes -= call.bytesInFlight;
        if (call.largeBytes > 0) this.largeCalls--;
    }

    /** Raises the load of a call whose reply has at least this many bytes. */
    expect(call: Call<unknown>, bytes: number): void {
        if (bytes <= call.bytesInFlight) return;
        this.bytes += bytes - call.bytesInFlight;
        call.bytesInFlight = bytes;
    }

    recordReply(bodyBytes: number): void {
        if (bodyBytes >= LARGE_BYTES) return;
        this.smallReplies++;
        this.smallBytes += bodyBytes;
    }

    /** Updates the average at the end of a chunk of replies. */
    updateAverage(): void {
        if (this.smallReplies === 0) return;
        this.smallReplyBytes += Math.round((this.smallBytes / this.smallReplies - this.smallReplyBytes) / 8);
        this.smallReplies = this.smallBytes = 0;
    }
}
