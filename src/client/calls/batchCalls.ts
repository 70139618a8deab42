import type { KeyCounts } from '../../diagnostics/tracing';
import type { Receipt, StoreAccount } from '../model/StoreAccount';
import type { StoreSpec } from '../model/StoreSpec';
import { Outcome, type Reply, type RequestWriter } from '../protocol/Protocol';
import { rejected } from '../protocol/replyErrors';
import { Call, type Retry } from './Call';

const QUIET = true;

/** Keys of a batch that one call reads, stores or deletes. */
export interface Chunk {
    readonly keys: readonly string[];
    /** The positions of the keys in the batch. */
    readonly positions: readonly number[];
    /** The expected size of the values if they are large, else 0. */
    readonly bytes: number;
}

/**
 * Many keys in one call: a quiet request for each, and a NOOP that ends the batch. The opaque of a
 * reply tells its key.
 */
export abstract class BatchCall extends Call<void> {
    readonly retry: Retry = 'always';
    /** Bytes of the values in the replies. */
    answeredBytes = 0;

    /** @param failed receives the errors of single keys */
    constructor(
        protected readonly keys: readonly string[],
        protected readonly failed: Map<string, Error>,
        valueBytes = 0,
    ) {
        super('', valueBytes);
        this.frameCount = keys.length + 1;
    }

    override keyOf(reply: Reply): string {
        return this.keys[(reply.opaque - this.opaque) >>> 0] ?? '';
    }

    override get keyCount(): number {
        return this.keys.length;
    }

    override get keyCounts(): KeyCounts {
        return { failed: this.keys.filter(key => this.failed.has(key)).length };
    }

    encode(writer: RequestWriter, opaque: number): void {
        const { keys } = this;
        // The errors of an earlier try do not count.
        if (this.retries > 0) for (const key of keys) this.failed.delete(key);
        for (let i = 0; i < keys.length; i++) this.encodeOne(writer, (opaque + i) >>> 0, keys[i]!, i);
        writer.noop((opaque + keys.length) >>> 0);
    }

    onReply(reply: Reply): boolean {
        const index = (reply.opaque - this.opaque) >>> 0;
        const key = this.keys[index];
        if (key === undefined) {
            this.onEnd();
            this.succeed();
            return true;
        }
        this.onKey(key, reply, index);
        return false;
    }

    protected failKey(key: string, reply: Reply): void {
        const { address, metrics } = this.host!;
        const error = rejected(address, reply.outcome, reply.detail());
        metrics.countError(error);
        this.failed.set(key, error);
    }

    /** Reacts to the end of the answers to all keys. */
    protected onEnd(): void {}

    protected abstract encodeOne(writer: RequestWriter, opaque: number, key: string, index: number): void;
    protected abstract onKey(key: string, reply: Reply, index: number): void;
}

/** A call that reads many keys. */
export class GetManyCall<T> extends BatchCall {
    readonly operation = 'getMany';
    /** Hits and errors of this try. */
    private answeredKeys = 0;
    private readonly positions: readonly number[];

    /** @param found receives the values, at the positions of their keys in the batch */
    constructor(
        { keys, positions, bytes }: Chunk,
        private readonly found: (T | undefined)[],
        private readonly read: (reply: Reply) => T,
        failed: Map<string, Error>,
    ) {
        super(keys, failed, bytes);
        this.positions = positions;
    }

    override get keyCounts(): KeyCounts {
        const hits = this.positions.filter(position => this.found[position] !== undefined).length;
        return { hits, misses: this.missingKeys, ...super.keyCounts };
    }

    protected encodeOne(writer: RequestWriter, opaque: number, key: string): void {
        writer.get(opaque, key, QUIET);
    }

    protected onKey(key: string, reply: Reply, index: number): void {
        this.answeredBytes += reply.bodyBytes;
        if (reply.outcome === Outcome.NOT_FOUND) return;
        this.answeredKeys++;
        if (reply.outcome !== Outcome.OK) return this.failKey(key, reply);
        const value = this.read(reply);
        const position = this.positions[index]!;
        // An earlier try has counted its hits.
        if (this.found[position] === undefined) this.host!.metrics.hits++;
        this.found[position] = value;
    }

    protected override onEnd(): void {
        this.host!.metrics.misses += this.retries === 0 ? this.keys.length - this.answeredKeys : this.missingKeys;
    }

    private get missingKeys(): number {
        const { keys, positions, found, failed } = this;
        return keys.filter((key, i) => found[positions[i]!] === undefined && !failed.has(key)).length;
    }
}

/** The number of values of a batch that share one reply. */
const VALUES_PER_REPLY = 50;

/**
 * A call that stores many keys. A component that counts values needs their CAS. A reply to each
 * value would double the cost, so most stores are quiet. Each store in memcached gets the next CAS.
 * If two CAS differ by the distance of their values in the batch, no other store is between them.
 * Then the call knows the CAS of the values between them. Otherwise it does not count those values.
 */
export class SetManyCall extends BatchCall {
    readonly operation = 'setMany';
    override readonly retry = 'afterClose';
    /** The epoch at the time of the send. */
    private epoch = 0;
    /** The index and the CAS of the last value with a reply. -1 = none, or an error since. */
    private lastIndex = -1;
    private lastHigh = 0;
    private lastLow = 0;

    constructor(
        keys: readonly string[],
        private readonly specs: readonly StoreSpec[],
        failed: Map<string, Error>,
        private readonly account: StoreAccount | null,
    ) {
        const valueBytes = specs.reduce((sum, { value }) => sum + value.length, 0);
        super(keys, failed, valueBytes);
    }

    override encode(writer: RequestWriter, opaque: number): void {
        this.epoch = this.host!.epoch;
        this.lastIndex = -1;
        super.encode(writer, opaque);
    }

    protected encodeOne(writer: RequestWriter, opaque: number, key: string, index: number): void {
        writer.store(opaque, 'set', key, this.specs[index]!, this.needsCas(index) ? 'cas' : 'error');
    }

    protected onKey(key: string, reply: Reply, index: number): void {
        if (reply.outcome !== Outcome.OK) {
            this.lastIndex = -1;
            this.failKey(key, reply);
        } else if (this.needsCas(index)) this.recordStored(this.account!, reply, index);
    }

    private needsCas(index: number): boolean {
        return this.account !== null && (index % VALUES_PER_REPLY === 0 || index === this.keys.length - 1);
    }

    private recordStored(account: StoreAccount, { casHigh, casLow }: Reply, index: number): void {
        const { keys, epoch, lastIndex } = this;
        const { nowMs } = this.host!.deadlines;
        const isGapless = casHigh === this.lastHigh && casLow - this.lastLow === index - lastIndex;
        for (let i = lastIndex >= 0 && isGapless ? lastIndex + 1 : index; i <= index; i++) {
            const { expirySeconds } = this.specs[i]!;
            account.stored(account.add(keys[i]!), casHigh, casLow - (index - i), epoch, nowMs, expirySeconds);
        }
        this.lastIndex = index;
        this.lastHigh = casHigh;
        this.lastLow = casLow;
    }
}

/** A call that deletes many keys. */
export class DeleteManyCall extends BatchCall {
    readonly operation = 'deleteMany';

    protected encodeOne(writer: RequestWriter, opaque: number, key: string): void {
        writer.delete(opaque, key, QUIET);
    }

    protected onKey(key: string, reply: Reply): void {
        if (reply.outcome !== Outcome.OK && reply.outcome !== Outcome.NOT_FOUND) this.failKey(key, reply);
    }
}

/** A call that deletes values unchanged since their store. A retry would have another epoch. */
export class EvictManyCall extends BatchCall {
    readonly operation = 'evictMany';
    override readonly retry = 'never';

    constructor(
        keys: readonly string[],
        private readonly receipts: ReadonlyMap<string, Receipt>,
        failed: Map<string, Error>,
    ) {
        super(keys, failed);
    }

    protected encodeOne(writer: RequestWriter, opaque: number, key: string): void {
        const receipt = this.receipts.get(key)!;
        if (receipt.epoch === this.host!.epoch)
            writer.compareAndDelete(opaque, key, receipt.casHigh, receipt.casLow, QUIET);
    }

    protected onKey(): void {}
}
