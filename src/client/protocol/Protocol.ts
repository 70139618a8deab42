import type { Login } from '../model/ServerAddress';
import type { ProtocolName } from '../model/ServerIdentity';
import type { StoreSpec } from '../model/StoreSpec';

/**
 * A wire protocol. Calls and channels use it through the types of this file only. So a further
 * protocol is a further folder beside `binary`. `MemcachedServer` chooses that of its channels.
 */
export interface Protocol {
    readonly name: ProtocolName;
    /** The first version of memcached that has all requests. */
    readonly minVersion: readonly number[];
    /** Whether proxies and managed endpoints speak it. */
    readonly canBeProxied: boolean;
    /** The opaque of the first request of a connection. */
    readonly firstOpaque: number;
    /**
     * Creates both ends of a connection. A decoder may depend on the requests of its writer.
     * @param onReply returns false to ignore the rest of the chunk
     */
    open(onReply: (reply: Reply) => boolean): Codec;
}

export interface Codec {
    readonly writer: RequestWriter;
    readonly decoder: ReplyDecoder;
}

export type StoreMode = 'set' | 'add' | 'replace';
export type ConcatMode = 'append' | 'prepend';
export type CountMode = 'increment' | 'decrement';

/** The result of a store that its caller needs: its error, also its outcome, or also its CAS. */
export type StoreReply = 'error' | 'outcome' | 'cas';

/**
 * A collector of the requests of one write. Each method writes one request, and its reply carries
 * the same opaque. `seconds` is an expiry. A CAS is two 32-bit words. A bigint costs an allocation.
 *
 * A quiet request needs a reply only for a value or an error. The server may send other replies.
 */
export interface RequestWriter {
    get(opaque: number, key: string, isQuiet?: boolean): void;
    getAndTouch(opaque: number, key: string, seconds: number): void;
    touch(opaque: number, key: string, seconds: number): void;
    /** Writes a store. A failed `add` or `replace` must keep the item, on which locks depend. */
    store(opaque: number, mode: StoreMode, key: string, spec: StoreSpec, reply: StoreReply): void;
    /**
     * Stores over the item that has this CAS, or leaves it alone. The reply has the new CAS, or
     * `OVERWRITTEN_CAS`.
     */
    compareAndStore(opaque: number, key: string, spec: StoreSpec, casHigh: number, casLow: number): void;
    concat(opaque: number, mode: ConcatMode, key: string, value: string | Uint8Array): void;
    delete(opaque: number, key: string, isQuiet?: boolean): void;
    /** Deletes the item that has this CAS. */
    compareAndDelete(opaque: number, key: string, casHigh: number, casLow: number, isQuiet?: boolean): void;
    /** @param initial the value of a new counter, null = do not create it */
    count(opaque: number, mode: CountMode, key: string, delta: bigint, initial: bigint | null, seconds: number): void;
    noop(opaque: number): void;
    version(opaque: number): void;
    /** Writes a request with a reply for each statistic, and a last one without a key. */
    stat(opaque: number, group: string): void;
    flush(opaque: number): void;
    login(opaque: number, login: Login): void;

    /** The number of bytes that wait for `take`. */
    readonly pendingBytes: number;
    /** Remembers the end of the last complete request. */
    mark(): void;
    /** Removes everything after the mark. A mark is valid until the next `take`. */
    rollBack(): void;
    /** Returns the bytes to write, in order. The writer does not change them until `recycle`. */
    take(): Uint8Array[];
    /** Reuses the memory of all bytes taken, which the socket has sent. */
    recycle(): void;
}

/** A decoder, which finds the replies in the bytes of a connection. */
export interface ReplyDecoder {
    /** The buffer for more bytes of a large reply, for `filled`. null = `push` the next chunk. */
    readonly target: Buffer | null;
    /** Whether a large reply has arrived in part. */
    readonly isInLargeReply: boolean;
    /** Returns null, or the violation of the protocol. Then the connection is unusable. */
    filled(count: number): string | null;
    /** Returns the same as `filled`. */
    push(chunk: Buffer, length: number): string | null;
}

/** One reply. A decoder reuses its reply, so copy the parts that must outlive `onReply`. */
export interface Reply {
    readonly opaque: number;
    /** An `Outcome`, or another number that the server has sent. */
    readonly outcome: number;
    readonly casHigh: number;
    readonly casLow: number;
    readonly cas: bigint;
    readonly flags: number;
    /** The approximate size of the reply, in bytes. */
    readonly bodyBytes: number;
    /** Returns the value. The decoder never writes to its buffer again. */
    value(): Buffer;
    text(): string;
    /** Returns whether the value is this part of an ASCII text. */
    valueEquals(text: string, start: number, end: number): boolean;
    /** Returns the name of a statistic, '' after the last one. */
    key(): string;
    /** @throws Error when the value is not a counter, after which the connection is unusable */
    counter(): bigint;
    /** Returns the server's own words for an outcome, for an error message. */
    detail(): string;
}

/** The outcome of a request. The numbers below 2^16 are the statuses of the binary protocol. */
export const Outcome = {
    OK: 0x00,
    NOT_FOUND: 0x01,
    EXISTS: 0x02,
    TOO_LARGE: 0x03,
    INVALID: 0x04,
    NOT_STORED: 0x05,
    NOT_A_NUMBER: 0x06,
    AUTH_ERROR: 0x20,
    AUTH_CONTINUE: 0x21,
    UNKNOWN_COMMAND: 0x81,
    OUT_OF_MEMORY: 0x82,
    NOT_SUPPORTED: 0x83,
    INTERNAL: 0x84,
    BUSY: 0x85,
    TEMPORARY: 0x86,
    /** A proxy has lost the server behind it, which may have executed the request. */
    BACKEND_LOST: 0x10000,
} as const;
