import type { Call } from '../calls/Call';

/** From here on a value takes so long on the wire that small calls must not wait behind it. */
export const LARGE_BYTES = 64 * 1024;

/** Below this load, one write for all calls is worth more than a second socket. */
const SPREAD_BYTES = 256 * 1024;

/** This load keeps a channel busy. More would only fill memory with copies and socket buffers. */
const MAX_BYTES = 1024 * 1024;

/** What a channel has in flight: bytes not answered, and the bytes of their replies, about. */
export class ChannelLoad {
    /** What the next call would wait for. */
    bytes = 0;
    private largeCalls = 0;
    /**
     * Moving average of small replies. An integer: the load of a call then needs no heap number.
     */
    private smallReplyBytes = 100;
    /** Small replies since the average was last updated. */
    private smallReplies = 0;
    private smallBytes = 0;

    /** The next call had better use another channel. */
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

    /** The call is answered. */
    remove(call: Call<unknown>): void {
        this.bytes -= call.bytesInFlight;
        if (call.largeBytes > 0) this.largeCalls--;
    }

    /** The rest of the reply to the call will have at least so many bytes. */
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
