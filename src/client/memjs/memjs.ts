import { Call, type Retry } from '../calls/Call';
import type { BinaryWriter } from '../protocol/binary/BinaryWriter';
import { Opcode } from '../protocol/binary/constants';
import { Outcome } from '../protocol/Protocol';
import type { BinaryReply } from '../protocol/binary/BinaryReply';

/** memjs as we use it. Typed here, because its own types are a package that our users would need as well. */

export interface MemjsResponse {
    header: {
        magic: number;
        opcode: number;
        keyLength: number;
        extrasLength: number;
        dataType: number;
        status: number;
        totalBodyLength: number;
        opaque: number;
        cas: Buffer;
    };
    extras: Buffer;
    key: Buffer;
    val: Buffer;
}

/** Gets the reply to a frame that memjs has made. */
export interface MemjsResponseHandler {
    /** With one frame of the reply. */
    (response: MemjsResponse): void;
    /** It is called for every frame up to the one without a body. */
    quiet?: boolean;
}

/** Gets what went wrong instead. */
export type MemjsErrorHandler = (error: Error) => void;

/** What memjs asks of a server. */
export interface MemjsServer {
    readonly host: string;
    readonly port: number;
    readonly wakeupAt: number | undefined;
    /** Who gets the reply to the frame of that number. */
    onResponse(seq: number, handler: MemjsResponseHandler): void;
    /** Who is told when there is none. */
    onError(seq: number, handler: MemjsErrorHandler): void;
    /** Sends a frame whose handlers have been registered. */
    write(frame: Buffer): void;
    /** Closes its sockets. */
    close(): void;
}

/** memjs's: it is called once per server. */
export type StatsCallback = (error: Error | null, server: string, stats: Record<string, string> | null) => void;
/** memjs's. */
export type FlushCallback = (error: Error | null, results: Record<string, boolean | Error>) => void;

/** The part of `memjs.Client` that we build on or leave to it. */
export declare class MemjsClient {
    constructor(servers: readonly MemjsServer[], options: object);
    seq: number;
    servers: readonly MemjsServer[];
    incrSeq(): void;
    getServer(key: string): number;
    /** memjs's: sends a frame to the key's server. */
    perform(
        key: string,
        request: Buffer,
        seq: number,
        callback: (error: Error | null, response: MemjsResponse | null) => void,
        retries?: number,
    ): void;
    /** Forgets everything on every server; what it says of a server is true, or the error. */
    flush(): Promise<Record<string, boolean | Error>>;
    /** With a callback. */
    flush(callback: FlushCallback): void;
    /** memjs's: one kind of statistics, asked of every server. */
    statsWithKey(key: string, callback: StatsCallback): void;
    /** Sets the counts of every server back to 0. */
    resetStats(callback: StatsCallback): void;
}

// eslint-disable-next-line @typescript-eslint/no-require-imports -- it has no types, see above
const memjs = require('memjs') as { Client: typeof MemjsClient };
export const Client = memjs.Client;

/** memjs registers its handlers first, by sequence number, and then writes the frame. */
export class MemjsHandlers {
    private readonly onResponses = new Map<number, MemjsResponseHandler>();
    private readonly onErrors = new Map<number, MemjsErrorHandler>();

    onResponse(seq: number, handler: MemjsResponseHandler): void {
        this.onResponses.set(seq, handler);
    }

    onError(seq: number, handler: MemjsErrorHandler): void {
        this.onErrors.set(seq, handler);
    }

    toCall(frame: Buffer): Call<void> {
        const seq = frame.readUInt32BE(12);
        const call = new RawCall(frame, this.onResponses.get(seq));
        const onError = this.onErrors.get(seq);
        this.onResponses.delete(seq);
        this.onErrors.delete(seq);
        call.promise.catch((error: Error) => process.nextTick(() => onError?.(error)));
        return call;
    }
}

/** A frame that memjs has made. Of those only a GET may be sent twice. */
export class RawCall extends Call<void> {
    readonly retry: Retry;
    private readonly seq: number;

    constructor(
        private readonly frame: Buffer,
        private readonly handler: MemjsResponseHandler | undefined,
    ) {
        super();
        this.retry = frame[1] === Opcode.GET ? 'always' : 'never';
        this.seq = frame.readUInt32BE(12);
    }

    /** One of memjs's verbs that we leave to it. */
    get operation(): string {
        return 'memjs';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        writer.raw(this.frame, opaque);
    }

    onReply(reply: BinaryReply): boolean {
        // memjs takes every reply to a flush for "done".
        if (reply.opcode === Opcode.FLUSH && reply.outcome !== Outcome.OK) return this.rejectWith(reply);
        const { handler } = this;
        if (handler !== undefined) {
            const response = toResponse(reply, this.seq);
            // What memjs or its caller throws belongs to them, not to the socket that happened to bring the reply.
            process.nextTick(() => handler(response));
        }
        const isLast = this.isLast(reply);
        if (isLast) this.succeed();
        return isLast;
    }

    override isLast(reply: BinaryReply): boolean {
        return this.handler?.quiet !== true || reply.bodyBytes === 0 || reply.outcome !== Outcome.OK;
    }
}

function toResponse(reply: BinaryReply, seq: number): MemjsResponse {
    const keyAt = reply.bodyAt + reply.extrasBytes;
    const cas = Buffer.alloc(8);
    cas.writeUInt32BE(reply.casHigh, 0);
    cas.writeUInt32BE(reply.casLow, 4);
    return {
        header: {
            magic: 0x81,
            opcode: reply.opcode,
            keyLength: reply.keyBytes,
            extrasLength: reply.extrasBytes,
            dataType: 0,
            status: reply.outcome,
            totalBodyLength: reply.bodyBytes,
            opaque: seq,
            cas,
        },
        extras: Buffer.from(reply.buffer.subarray(reply.bodyAt, keyAt)),
        key: Buffer.from(reply.buffer.subarray(keyAt, keyAt + reply.keyBytes)),
        val: reply.value(),
    };
}
