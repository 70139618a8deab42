import type { Receipt, StoreAccount } from '../model/StoreAccount';
import type { StoreSpec } from '../model/StoreSpec';
import { Outcome, type Reply, type RequestWriter } from '../protocol/Protocol';
import { refused } from '../protocol/refusal';
import { Call, type Retry } from './Call';

const QUIET = true;

/**
 * Many keys in one call: a quiet request for each, and a NOOP that ends the batch. The opaque of a
 * reply tells which key it belongs to.
 */
export abstract class BatchCall extends Call<void> {
    readonly retry: Retry = 'always';

    /** @param failed where the errors of single keys go */
    constructor(
        protected readonly keys: readonly string[],
        protected readonly failed: Map<string, Error>,
    ) {
        super();
        this.frameCount = keys.length + 1;
    }

    /** Bytes of the values that were answered. */
    get answeredBytes(): number {
        return 0;
    }

    override keyOf(reply: Reply): string {
        return this.keys[(reply.opaque - this.opaque) >>> 0] ?? '';
    }

    override get keyCount(): number {
        return this.keys.length;
    }

    encode(writer: RequestWriter, opaque: number): void {
        const { keys } = this;
        // What a first try said of a key is not true of this one.
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
        const error = refused(address, reply.outcome, reply.detail());
        metrics.countError(error);
        this.failed.set(key, error);
    }

    /** Every key has had its answer. */
    protected onEnd(): void {}

    protected abstract encodeOne(writer: RequestWriter, opaque: number, key: string, index: number): void;
    protected abstract onKey(key: string, reply: Reply, index: number): void;
}

export class GetManyCall<T> extends BatchCall {
    /** Keys of which this try has said something. */
    private answeredKeys = 0;
    private bytes = 0;

    /** @param expectedBytes what its values are known to weigh, when that is much */
    constructor(
        keys: readonly string[],
        private readonly expectedBytes: number,
        private readonly found: Map<string, T>,
        private readonly read: (reply: Reply) => T,
        failed: Map<string, Error>,
    ) {
        super(keys, failed);
    }

    get operation(): string {
        return 'getMany';
    }

    override get valueBytes(): number {
        return this.expectedBytes;
    }

    override get answeredBytes(): number {
        return this.bytes;
    }

    protected encodeOne(writer: RequestWriter, opaque: number, key: string): void {
        writer.get(opaque, key, QUIET);
    }

    protected onKey(key: string, reply: Reply): void {
        this.bytes += reply.bodyBytes;
        if (reply.outcome === Outcome.NOT_FOUND) return;
        this.answeredKeys++;
        if (reply.outcome === Outcome.OK) this.find(key, this.read(reply));
        else this.failKey(key, reply);
    }

    protected override onEnd(): void {
        const isMissing = (key: string): boolean => !this.found.has(key) && !this.failed.has(key);
        this.host!.metrics.misses +=
            this.retries === 0 ? this.keys.length - this.answeredKeys : this.keys.filter(isMissing).length;
    }

    /** What an earlier try found has been counted. */
    private find(key: string, item: T): void {
        if (this.retries === 0 || !this.found.has(key)) this.host!.metrics.hits++;
        this.found.set(key, item);
    }
}

/** How many values of a batch get along with one reply. */
const VALUES_PER_REPLY = 50;

/**
 * Values that count need their CAS. A reply to each would double the cost, so most are stored quietly.
 * Memcached gives every store the next CAS. If the CAS of two replies differ by as much as their places
 * in the batch, nothing else was stored in between, and the CAS of the values in between are known. If
 * they do not, those values do not count.
 */
export class SetManyCall extends BatchCall {
    override readonly retry = 'afterClose';
    /** In which it was sent. */
    private epoch = 0;
    /** The last answered value: its place in the batch, and its CAS. */
    private lastIndex = -1;
    private lastHigh = 0;
    private lastLow = 0;

    constructor(
        keys: readonly string[],
        private readonly specs: readonly StoreSpec[],
        failed: Map<string, Error>,
        private readonly account: StoreAccount | null,
    ) {
        super(keys, failed);
    }

    get operation(): string {
        return 'setMany';
    }

    override get valueBytes(): number {
        return this.specs.reduce((sum, { value }) => sum + value.length, 0);
    }

    override encode(writer: RequestWriter, opaque: number): void {
        this.epoch = this.host!.epoch;
        this.lastIndex = -1;
        super.encode(writer, opaque);
    }

    protected encodeOne(writer: RequestWriter, opaque: number, key: string, index: number): void {
        const isAnswered = this.account !== null && (index % VALUES_PER_REPLY === 0 || index === this.keys.length - 1);
        writer.store(opaque, 'set', key, this.specs[index]!, isAnswered ? 'cas' : 'error');
    }

    protected onKey(key: string, reply: Reply, index: number): void {
        if (reply.outcome !== Outcome.OK) {
            this.lastIndex = -1;
            this.failKey(key, reply);
        } else if (this.account !== null) this.count(this.account, reply, index);
    }

    private count(account: StoreAccount, { casHigh, casLow }: Reply, index: number): void {
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

export class DeleteManyCall extends BatchCall {
    get operation(): string {
        return 'deleteMany';
    }

    protected encodeOne(writer: RequestWriter, opaque: number, key: string): void {
        writer.delete(opaque, key, QUIET);
    }

    protected onKey(key: string, reply: Reply): void {
        if (reply.outcome !== Outcome.OK && reply.outcome !== Outcome.NOT_FOUND) this.failKey(key, reply);
    }
}

/** Deletes values that are unchanged since their store. Not repeated: on another channel their CAS are not valid. */
export class EvictManyCall extends BatchCall {
    override readonly retry = 'never';

    constructor(
        keys: readonly string[],
        private readonly receipts: ReadonlyMap<string, Receipt>,
        failed: Map<string, Error>,
    ) {
        super(keys, failed);
    }

    get operation(): string {
        return 'evictMany';
    }

    protected encodeOne(writer: RequestWriter, opaque: number, key: string): void {
        const receipt = this.receipts.get(key)!;
        if (receipt.epoch === this.host!.epoch)
            writer.compareAndDelete(opaque, key, receipt.casHigh, receipt.casLow, QUIET);
    }

    protected onKey(): void {}
}
