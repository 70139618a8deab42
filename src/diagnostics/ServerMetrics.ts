import { LatencyWindows, type LatencySummary } from './LatencyWindows';

/** The counts of one server since the creation of the client. They stay after `close`. */
export interface ServerStats {
    /** The name of the server in messages, logs and traces. */
    readonly address: string;
    /** Whether the server is up. If not, calls fail at once. */
    readonly isUp: boolean;
    /** The protocol of the last connection, null before the first one. */
    readonly protocol: 'binary' | 'meta' | null;
    /** The version of the server, null before the first connection. */
    readonly version: string | null;
    /** The last fault, null if the server has answered since. */
    readonly fault: string | null;
    /** The number of sockets that are open or opening. */
    readonly sockets: number;
    /** The number of sockets opened so far. */
    readonly connects: number;
    /** The number of calls that have not settled. */
    readonly inFlight: number;
    /** The sum of `answered`, `failed` and `inFlight`. A chunk of a batch is one call. */
    readonly calls: number;
    /** The number of calls with a result. A miss is a result. */
    readonly answered: number;
    /** The number of calls that have failed, timeouts included. */
    readonly failed: number;
    /** The number of keys found. Each key of a batch counts. */
    readonly hits: number;
    /** The number of keys not found. */
    readonly misses: number;
    /** The number of errors by code, of failed calls and of single keys of a batch. */
    readonly errors: Readonly<Record<string, number>>;
    /** The number of retries after connection faults. */
    readonly retries: number;
    /** The number of bytes written to the sockets. */
    readonly bytesSent: number;
    /** The number of bytes read from the sockets. */
    readonly bytesReceived: number;
    /**
     * The time from the end of the turn that made a call to its reply, retries included. A
     * timed-out call counts with its timeout. Calls with other failures do not count.
     */
    readonly latency: {
        /** All durations. */
        readonly total: LatencySummary;
        /** The durations of the last 30 to 60 seconds. */
        readonly lastMinute: LatencySummary;
    };
}

/**
 * Microseconds of a clock that begins again after 35 minutes. Differences are right up to that
 * time. Both operands are small integers, which need no memory of their own.
 */
const CLOCK_MASK = 0x7fffffff;

/** The start of an unsent call. */
export const NOT_STARTED = -1;

/** The counts of one server, which cost a few additions per call, and no look at the clock. */
export class ServerMetrics {
    calls = 0;
    answered = 0;
    hits = 0;
    misses = 0;
    retries = 0;
    connects = 0;
    bytesSent = 0;
    private failed = 0;
    private bytesReceived = 0;
    private readonly errors = new Map<string, number>();
    private readonly latencies = new LatencyWindows(performance.now());
    private readUs = 0;

    get inFlight(): number {
        return this.calls - this.answered - this.failed;
    }

    /** Returns the start of calls that begin at this time. */
    clockUs(nowMs: number): number {
        return (nowMs * 1000) & CLOCK_MASK;
    }

    /** Records bytes, and the time at which the replies in them arrive. */
    recordBytes(bytes: number, nowMs: number): void {
        this.bytesReceived += bytes;
        this.rotate(nowMs);
    }

    recordReply(startedUs: number): void {
        if (startedUs !== NOT_STARTED) this.latencies.record((this.readUs - startedUs) & CLOCK_MASK);
    }

    recordTimeout(startedUs: number, nowMs: number): void {
        this.rotate(nowMs);
        this.recordReply(startedUs);
    }

    recordFailure(error: Error): void {
        this.failed++;
        this.countError(error);
    }

    /** Records a call that fails before the server admits it, and returns the error. */
    rejectBeforeSend<E extends Error>(error: E): E {
        this.calls++;
        this.recordFailure(error);
        return error;
    }

    countError(error: Error): void {
        const { code = error.name } = error as { code?: string };
        this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
    }

    /** @param state the fields that the server knows itself */
    snapshot(state: Pick<ServerStats, 'address' | 'isUp' | 'protocol' | 'version' | 'fault' | 'sockets'>): ServerStats {
        const { calls, answered, failed, hits, misses, retries, connects, bytesSent, bytesReceived, latencies } = this;
        latencies.rotate(performance.now());
        return Object.freeze({
            ...state,
            connects,
            inFlight: this.inFlight,
            calls,
            answered,
            failed,
            hits,
            misses,
            errors: Object.freeze(Object.fromEntries(this.errors)),
            retries,
            bytesSent,
            bytesReceived,
            latency: Object.freeze({ total: latencies.total, lastMinute: latencies.lastMinute }),
        });
    }

    private rotate(nowMs: number): void {
        this.latencies.rotate(nowMs);
        this.readUs = this.clockUs(nowMs);
    }
}
