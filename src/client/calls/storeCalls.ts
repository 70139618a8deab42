import { Call, type Retry } from './Call';
import type { BinaryWriter } from '../protocol/binary/BinaryWriter';
import { Opcode, Status } from '../protocol/binary/constants';
import { high32, low32 } from '../../util/uint64';
import type { BinaryReply } from '../protocol/binary/BinaryReply';
import type { Receipt, StoreAccount } from '../model/StoreAccount';

/** Calls that store under one key. Each says in `onReply` which statuses are answers; every other one is an error. */

/** What is stored with a value. */
export interface StoreSpec {
    readonly value: string | Uint8Array;
    readonly flagBits: number;
    readonly expirySeconds: number;
}

export type StoreOpcode = typeof Opcode.SET | typeof Opcode.ADD | typeof Opcode.REPLACE;

const NAMES: Record<StoreOpcode, string> = {
    [Opcode.SET]: 'set',
    [Opcode.ADD]: 'add',
    [Opcode.REPLACE]: 'replace',
};

export function encodeStore(
    writer: BinaryWriter,
    opcode: number,
    opaque: number,
    key: string,
    spec: StoreSpec,
    cas: bigint,
): void {
    writer.begin(opcode, opaque, high32(cas), low32(cas), key, 8);
    writer.uint32(spec.flagBits);
    writer.uint32(spec.expirySeconds);
    writer.key(key);
    writer.value(spec.value);
    writer.end();
}

/** SET, ADD and REPLACE without a CAS. A second ADD would answer "exists" to the one who stored it, so it is not repeated. */
export class StoreCall extends Call<boolean> {
    readonly retry: Retry;

    constructor(
        private readonly opcode: StoreOpcode,
        key: string,
        private readonly spec: StoreSpec,
    ) {
        super(key);
        this.retry = opcode === Opcode.ADD ? 'never' : 'afterClose';
    }

    get operation(): string {
        return NAMES[this.opcode];
    }

    override describeResult(isStored: boolean): string {
        return isStored ? 'stored' : 'not stored';
    }

    override get valueBytes(): number {
        return this.spec.value.length;
    }

    encode(writer: BinaryWriter, opaque: number): void {
        encodeStore(writer, this.opcode, opaque, this.key, this.spec, 0n);
    }

    onReply(reply: BinaryReply): boolean {
        const { status } = reply;
        if (status === Status.OK) this.succeed(true);
        else if (status === Status.EXISTS && this.opcode === Opcode.ADD) this.succeed(false);
        else if (status === Status.NOT_FOUND && this.opcode === Opcode.REPLACE) this.succeed(false);
        else this.rejectWith(status);
        return true;
    }
}

/** Deletes the value quietly: memcached answers only if it is not there any more. */
export function encodeEviction(writer: BinaryWriter, opaque: number, { key, casHigh, casLow }: Receipt): void {
    writer.begin(Opcode.DELETEQ, opaque, casHigh, casLow, key, 0);
    writer.key(key);
    writer.end();
}

/** SET of a value that counts. The same write may evict another value of the same server. */
export class EvictingSetCall extends Call<boolean> {
    readonly retry = 'afterClose';
    /** In which it was sent. */
    private epoch = 0;

    constructor(
        key: string,
        private readonly spec: StoreSpec,
        private readonly account: StoreAccount,
        private readonly receipt: Receipt,
        private readonly evicted: Receipt | null,
    ) {
        super(key);
        if (evicted !== null) this.frameCount = 2;
    }

    get operation(): string {
        return 'set';
    }

    override describeResult(): string {
        return 'stored';
    }

    override get valueBytes(): number {
        return this.spec.value.length;
    }

    encode(writer: BinaryWriter, opaque: number): void {
        const { evicted } = this;
        const { epoch } = this.host!;
        this.epoch = epoch;
        if (evicted !== null && evicted.epoch === epoch) encodeEviction(writer, opaque, evicted);
        encodeStore(writer, Opcode.SET, evicted === null ? opaque : (opaque + 1) >>> 0, this.key, this.spec, 0n);
    }

    onReply(reply: BinaryReply): boolean {
        if (this.evicted !== null && reply.opaque === this.opaque) return false;
        if (reply.status !== Status.OK) return this.rejectWith(reply.status);
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

/** What became of a compare-and-set; `cas` is the item's new CAS when it was stored. 'stale': not sent, its CAS is of another epoch. */
export interface CasReply {
    readonly outcome: 'stored' | 'changed' | 'missing' | 'stale';
    readonly cas: bigint;
}

const STALE: CasReply = { outcome: 'stale', cas: 0n };

/** SET with a CAS, and ADD for its new one. Not repeated: the CAS has moved when the first try went through. */
export class CasStoreCall extends Call<CasReply> {
    readonly retry = 'never';

    constructor(
        private readonly opcode: StoreOpcode,
        key: string,
        private readonly spec: StoreSpec,
        private readonly cas: bigint,
        private readonly expectsEpoch: boolean,
    ) {
        super(key);
    }

    get operation(): string {
        return this.cas === 0n ? 'casAdd' : 'casSet';
    }

    override describeResult({ outcome }: CasReply): string {
        return outcome;
    }

    override onEpochChange(): void {
        if (this.expectsEpoch) this.succeed(STALE);
    }

    override get valueBytes(): number {
        return this.spec.value.length;
    }

    encode(writer: BinaryWriter, opaque: number): void {
        encodeStore(writer, this.opcode, opaque, this.key, this.spec, this.cas);
    }

    onReply(reply: BinaryReply): boolean {
        if (reply.status === Status.OK) this.succeed({ outcome: 'stored', cas: reply.cas });
        else if (reply.status === Status.EXISTS) this.succeed({ outcome: 'changed', cas: 0n });
        else if (reply.status === Status.NOT_FOUND) this.succeed({ outcome: 'missing', cas: 0n });
        else this.rejectWith(reply.status);
        return true;
    }
}

/** APPEND and PREPEND: twice would be twice. */
export class ConcatCall extends Call<boolean> {
    readonly retry = 'never';

    constructor(
        private readonly opcode: typeof Opcode.APPEND | typeof Opcode.PREPEND,
        key: string,
        private readonly value: string | Uint8Array,
    ) {
        super(key);
    }

    get operation(): string {
        return this.opcode === Opcode.APPEND ? 'append' : 'prepend';
    }

    override describeResult(isStored: boolean): string {
        return isStored ? 'stored' : 'missing';
    }

    override get valueBytes(): number {
        return this.value.length;
    }

    encode(writer: BinaryWriter, opaque: number): void {
        writer.begin(this.opcode, opaque, 0, 0, this.key, 0);
        writer.key(this.key);
        writer.value(this.value);
        writer.end();
    }

    onReply(reply: BinaryReply): boolean {
        if (reply.status === Status.OK) this.succeed(true);
        else if (reply.status === Status.NOT_STORED || reply.status === Status.NOT_FOUND) this.succeed(false);
        else this.rejectWith(reply.status);
        return true;
    }
}
