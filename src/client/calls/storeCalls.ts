import { lockBehindProxy } from '../model/errors';
import type { Receipt, StoreAccount } from '../model/StoreAccount';
import { limitSpec, type StoreSpec } from '../model/StoreSpec';
import { Outcome, type ConcatMode, type Reply, type RequestWriter, type StoreMode } from '../protocol/Protocol';
import { high32, low32 } from '../../util/uint64';
import { Call, type Retry } from './Call';

/** A store that resolves with whether it has taken place. A retry of ADD finds its own item. */
export class StoreCall extends Call<boolean> {
    readonly retry: Retry;

    constructor(
        readonly operation: StoreMode,
        key: string,
        private spec: StoreSpec,
    ) {
        super(key, spec.value.length);
        this.retry = operation === 'add' ? 'never' : 'afterClose';
    }

    override describeResult(isStored: boolean): string {
        return isStored ? 'stored' : 'not stored';
    }

    override limitExpiry(limit: number): void {
        this.spec = limitSpec(this.spec, limit);
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.store(opaque, this.operation, this.key, this.spec, 'outcome');
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed(true);
        else if (this.isCondition(reply.outcome)) this.succeed(false);
        else this.rejectWith(reply);
        return true;
    }

    /** Returns whether the mode prevented the store. Each protocol has its own outcome for this. */
    private isCondition(outcome: number): boolean {
        if (this.operation === 'add') return outcome === Outcome.EXISTS || outcome === Outcome.NOT_STORED;
        return this.operation === 'replace' && (outcome === Outcome.NOT_FOUND || outcome === Outcome.NOT_STORED);
    }
}

/** A store of a counted value. Its write may evict another value of the same server. */
export class EvictingSetCall extends Call<boolean> {
    readonly retry = 'afterClose';
    /** The epoch at the time of the send. */
    private epoch = 0;

    constructor(
        key: string,
        private readonly spec: StoreSpec,
        private readonly account: StoreAccount,
        private readonly receipt: Receipt,
        private readonly evicted: Receipt | null,
    ) {
        super(key, spec.value.length);
        if (evicted !== null) this.frameCount = 2;
    }

    get operation(): string {
        return 'set';
    }

    override describeResult(): string {
        return 'stored';
    }

    encode(writer: RequestWriter, opaque: number): void {
        const { evicted } = this;
        const { epoch } = this.host!;
        this.epoch = epoch;
        if (evicted !== null && evicted.epoch === epoch)
            writer.compareAndDelete(opaque, evicted.key, evicted.casHigh, evicted.casLow, true);
        writer.store(evicted === null ? opaque : (opaque + 1) >>> 0, 'set', this.key, this.spec, 'cas');
    }

    onReply(reply: Reply): boolean {
        if (this.evicted !== null && reply.opaque === this.opaque) return false;
        if (reply.outcome !== Outcome.OK) return this.rejectWith(reply);
        const { account, receipt, epoch, spec } = this;
        const { nowMs } = this.host!.deadlines;
        account.stored(receipt, reply.casHigh, reply.casLow, epoch, nowMs, spec.expirySeconds);
        this.succeed(true);
        return true;
    }

    override onFailed(): void {
        this.account.forget(this.receipt);
    }
}

/** The result of a compare-and-set. */
export interface CasReply {
    /** The outcome. 'stale' = not sent, because the CAS is of another epoch. */
    readonly outcome: 'stored' | 'changed' | 'missing' | 'stale';
    /**
     * The item's new CAS after a store, else 0. If another client changes the item at once, it may
     * be a CAS that no item has.
     */
    readonly cas: bigint;
}

const STALE: CasReply = { outcome: 'stale', cas: 0n };

/** A store over the item with this CAS. A retry would find the CAS of its first try. */
export class CasStoreCall extends Call<CasReply> {
    readonly retry = 'never';

    /**
     * @param cas 0 = store only if there is no such key
     * @param isDirect whether it fails behind a proxy
     */
    constructor(
        key: string,
        private spec: StoreSpec,
        private readonly cas: bigint,
        private readonly expectsEpoch: boolean,
        private readonly isDirect: boolean,
    ) {
        super(key, spec.value.length);
    }

    get operation(): string {
        return this.cas === 0n ? 'casAdd' : 'casSet';
    }

    override describeResult({ outcome }: CasReply): string {
        return outcome;
    }

    override onEpochChange(): void {
        if (this.isDirect && this.host?.identity?.isProxy) this.fail(lockBehindProxy(this.host.address));
        else if (this.expectsEpoch) this.succeed(STALE);
    }

    override limitExpiry(limit: number): void {
        this.spec = limitSpec(this.spec, limit);
    }

    encode(writer: RequestWriter, opaque: number): void {
        const { key, spec, cas } = this;
        if (cas === 0n) writer.store(opaque, 'add', key, spec, 'cas');
        else writer.compareAndStore(opaque, key, spec, high32(cas), low32(cas));
    }

    onReply(reply: Reply): boolean {
        const { outcome } = reply;
        if (outcome === Outcome.OK) this.succeed({ outcome: 'stored', cas: reply.cas });
        else if (outcome === Outcome.EXISTS) this.succeed({ outcome: 'changed', cas: 0n });
        else if (outcome === Outcome.NOT_FOUND) this.succeed({ outcome: 'missing', cas: 0n });
        else if (outcome === Outcome.NOT_STORED && this.cas === 0n) this.succeed({ outcome: 'changed', cas: 0n });
        else this.rejectWith(reply);
        return true;
    }
}

/** A call that appends or prepends to one key. It is not idempotent. */
export class ConcatCall extends Call<boolean> {
    readonly retry = 'never';

    constructor(
        readonly operation: ConcatMode,
        key: string,
        private readonly value: string | Uint8Array,
    ) {
        super(key, value.length);
    }

    override describeResult(isStored: boolean): string {
        return isStored ? 'stored' : 'missing';
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.concat(opaque, this.operation, this.key, this.value);
    }

    onReply(reply: Reply): boolean {
        const { outcome } = reply;
        if (outcome === Outcome.OK) this.succeed(true);
        else if (outcome === Outcome.NOT_STORED || outcome === Outcome.NOT_FOUND) this.succeed(false);
        else this.rejectWith(reply);
        return true;
    }
}
