import { LatencyWindows, type LatencySummary } from './LatencyWindows';

/** What a client knows of one of its servers. Counts are since the client was made, and stay when it is closed. */
export interface ServerStats {
    readonly address: string;
    /** false: it counts as down, and calls fail at once. */
    readonly isUp: boolean;
    /** The last fault of a server that has not answered since. */
    readonly fault: string | null;
    readonly sockets: number;
    /** Sockets that were opened so far. */
    readonly connects: number;
    /** Calls that have not settled. */
    readonly inFlight: number;
    /** All calls for this server, also those that could not be sent: `answered`, `failed` and `inFlight` together. A chunk of a batch is one call. */
    readonly calls: number;
    readonly answered: number;
    readonly failed: number;
    /** Keys that were read and found; each key of a batch counts. */
    readonly hits: number;
    readonly misses: number;
    /** How often by code: each call that failed, and each key of a batch that the server refused. */
    readonly errors: Readonly<Record<string, number>>;
    /** How often a call was tried again. */
    readonly retries: number;
    readonly bytesSent: number;
    readonly bytesReceived: number;
    /**
     * ms from the end of the turn in which a call was made until its reply was read, its retries among them; a call that ran into its timeout took that long. Calls
     * that failed otherwise are not in it.
     */
    readonly latency: {
        readonly total: LatencySummary;
        /** Of the last 30 to 60 seconds. */
        readonly lastMinute: LatencySummary;
    };
}

/** What the server itself knows best. */
export type ServerState = Pick<ServerStats, 'address' | 'isUp' | 'fault' | 'sockets'>;

/** Microseconds of a clock that begins again after 35 minutes: a difference of two is right up to there, and both are small integers, which cost no memory. */
const CLOCK_MASK = 0x7fffffff;

/** When a call has not begun. */
export const NOT_STARTED = -1;

/** The numbers of one server: a few additions per call; clocks are read per turn and per chunk of replies, never per call. */
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

    /** Calls that have not settled. */
    get inFlight(): number {
        return this.calls - this.answered - this.failed;
    }

    /** What calls that begin at this time remember. */
    clockUs(nowMs: number): number {
        return (nowMs * 1000) & CLOCK_MASK;
    }

    /** So many bytes were read, and the replies in them have come now. */
    recordBytes(bytes: number, nowMs: number): void {
        this.bytesReceived += bytes;
        this.rotate(nowMs);
    }

    /** A call has its reply. */
    recordReply(startedUs: number): void {
        if (startedUs !== NOT_STARTED) this.latencies.record((this.readUs - startedUs) & CLOCK_MASK);
    }

    /** A call has waited until its time was up. */
    recordTimeout(startedUs: number, nowMs: number): void {
        this.rotate(nowMs);
        this.recordReply(startedUs);
    }

    recordFailure(error: Error): void {
        this.failed++;
        this.countError(error);
    }

    /** A call that was given up before it became the server's. */
    rejectBeforeSend<E extends Error>(error: E): E {
        this.calls++;
        this.recordFailure(error);
        return error;
    }

    countError(error: Error): void {
        const { code = error.name } = error as { code?: string };
        this.errors.set(code, (this.errors.get(code) ?? 0) + 1);
    }

    snapshot(state: ServerState): ServerStats {
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
