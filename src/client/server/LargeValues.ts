import type { Call } from '../calls/Call';
import { CallList } from '../calls/CallList';

/**
 * Two values of half a MiB at a time keep a connection as busy as eight do, and leave room between them: a small get beside them then waits
 * a fifth as long (measured: p99 1.8 ms instead of 9, at the same MiB per second).
 */
const WINDOW_BYTES = 1280 * 1024;

/** Lets large values pass a few at a time, in the order in which they came; the others wait here. */
export class LargeValueWindow {
    private inFlightBytes = 0;
    private readonly queue = new CallList();

    /** Whether the call may go now. If not it waits here until `leave` or `clear` gives it out. */
    tryAdmit(call: Call<unknown>, bytes: number): boolean {
        if (this.queue.first === null && this.hasRoom(bytes)) {
            this.admit(call, bytes);
            return true;
        }
        call.largeBytes = bytes;
        this.queue.push(call);
        return false;
    }

    /** The call is done, or has lost its channel. The answer is who may go now. */
    release(call: Call<unknown>): Call<unknown>[] {
        this.inFlightBytes -= call.largeBytes;
        call.largeBytes = 0;
        call.isLarge = false;
        const admitted: Call<unknown>[] = [];
        for (let next = this.queue.first; next !== null; next = this.queue.first) {
            if (!next.settled && !this.hasRoom(next.largeBytes)) break;
            this.queue.shift();
            if (next.settled) continue;
            this.admit(next, next.largeBytes);
            admitted.push(next);
        }
        return admitted;
    }

    get waiting(): Iterable<Call<unknown>> {
        return this.queue;
    }

    /** They settle about in the order in which they came. */
    dropSettled(): void {
        while (this.queue.first?.settled === true) this.queue.shift();
    }

    /** Gives out all that wait. */
    clear(): Call<unknown>[] {
        const calls = [...this.queue];
        this.queue.clear();
        return calls;
    }

    /** One passes always, however large. */
    private hasRoom(bytes: number): boolean {
        return this.inFlightBytes === 0 || this.inFlightBytes + bytes <= WINDOW_BYTES;
    }

    private admit(call: Call<unknown>, bytes: number): void {
        this.inFlightBytes += bytes;
        call.largeBytes = bytes;
        call.isLarge = true;
    }
}
