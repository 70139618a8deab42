import type { Call } from '../calls/Call';
import { CallList } from '../calls/CallList';
import { LARGE_BYTES } from '../channel/ChannelLoad';
import { copyText } from '../../util/copyText';

/**
 * Two values of half a MiB in flight keep a connection busy, and leave room between them. Beside
 * such transfers, a small get takes 0.27 ms (p50, bench: small-beside-large, 2026-11-26).
 */
const WINDOW_BYTES = 1280 * 1024;

const MAX_KEYS = 1000;

/**
 * A gate that keeps large values from delaying small ones. A few calls with a large value pass at a
 * time, in their order. The others wait here, and small calls overtake them.
 *
 * The size of a value is unknown before a read. The best guess is the last reply for its key.
 */
export class LargeValues {
    private inFlightBytes = 0;
    private readonly queue = new CallList();
    /** The sizes of the last values by key, for large values only. */
    private readonly sizes = new Map<string, number>();

    /** @param onAdmitted takes a call that has waited */
    constructor(private readonly onAdmitted: (call: Call<unknown>) => void) {}

    /** Returns the calls that wait for room in the window. */
    get waiting(): Iterable<Call<unknown>> {
        return this.queue;
    }

    /** Returns whether the size of any key is known. */
    get hasSizes(): boolean {
        return this.sizes.size > 0;
    }

    /** Returns the size of the value under the key if it is known and large, otherwise 0. */
    expectedBytes(key: string): number {
        return this.sizes.size === 0 ? 0 : (this.sizes.get(key) ?? 0);
    }

    /** Returns whether the call may leave now. If not, it waits for `onAdmitted`. */
    admit(call: Call<unknown>): boolean {
        if (this.weigh(call) < LARGE_BYTES || (this.queue.first === null && this.tryEnter(call))) return true;
        this.queue.push(call);
        return false;
    }

    /** Records the size of a value that the server has answered or stored. */
    answered(key: string, bytes: number): void {
        // A call about many keys has no key. Its replies do not predict the next such call.
        if (key === '') return;
        const { sizes } = this;
        if (bytes < LARGE_BYTES) return void sizes.delete(key);
        if (sizes.size === MAX_KEYS && !sizes.has(key)) sizes.delete(sizes.keys().next().value!);
        sizes.set(copyText(key), bytes);
    }

    /** Releases the room of a call that is no longer in flight, and admits waiting calls. */
    done(call: Call<unknown>): void {
        if (call.largeBytes === 0) return;
        this.inFlightBytes -= call.largeBytes;
        call.largeBytes = 0;
        this.dropSettled();
        for (let { first } = this.queue; first !== null && this.tryEnter(first); { first } = this.queue) {
            this.queue.shift();
            this.onAdmitted(first);
            this.dropSettled();
        }
    }

    /** Drops settled calls from the head. Calls settle about in the order of their arrival. */
    dropSettled(): void {
        while (this.queue.first?.settled === true) this.queue.shift();
    }

    /** Removes and returns the calls that wait. */
    clear(): Call<unknown>[] {
        const calls = [...this.queue];
        this.queue.clear();
        return calls;
    }

    private weigh(call: Call<unknown>): number {
        return Math.max(call.valueBytes, this.expectedBytes(call.key));
    }

    /** Reserves room for a call. A single value always has room, however large it is. */
    private tryEnter(call: Call<unknown>): boolean {
        const bytes = this.weigh(call);
        if (this.inFlightBytes > 0 && this.inFlightBytes + bytes > WINDOW_BYTES) return false;
        this.inFlightBytes += bytes;
        call.largeBytes = bytes;
        return true;
    }
}
