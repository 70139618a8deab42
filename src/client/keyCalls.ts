import { Call } from './Call';
import { Item } from './Item';
import type { FrameWriter } from './FrameWriter';
import { Opcode, Status, high32, low32 } from './protocol';
import type { Reply } from './Reply';

/** Calls for one key. Each says in `onReply` which statuses are answers; every other one is an error. */

abstract class ItemCall extends Call<Item> {
    readonly repeatable = true;

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.succeed(Item.of(reply));
        else if (reply.status === Status.NOT_FOUND) this.succeed(Item.MISS);
        else this.refuse(reply.status);
        return true;
    }
}

export class GetCall extends ItemCall {
    encode(writer: FrameWriter, opaque: number): void {
        encodeKey(writer, Opcode.GET, opaque, this.key, 0n);
    }
}

/** What a key holds: text when it was stored without flags, an Item otherwise, null when there is nothing. */
export type Held = string | Item | null;

/** Text is decoded from the socket's buffer: no Buffer is made that is only read once. Decoding UTF-8 cannot fail, so it may be done there. */
function toHeld(reply: Reply): Held {
    return reply.flags === 0 ? reply.text() : Item.of(reply);
}

export class GetTextCall extends Call<Held> {
    readonly repeatable = true;

    encode(writer: FrameWriter, opaque: number): void {
        encodeKey(writer, Opcode.GET, opaque, this.key, 0n);
    }

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.succeed(toHeld(reply));
        else if (reply.status === Status.NOT_FOUND) this.succeed(null);
        else this.refuse(reply.status);
        return true;
    }
}

/** GET and DELETE in one write. Tried again after a fault, it may answer null for what its first try has deleted. */
export class GetAndDeleteCall extends Call<Held> {
    readonly repeatable = true;
    private held: Held = null;

    constructor(key: string) {
        super(key);
        this.frames = 2;
    }

    encode(writer: FrameWriter, opaque: number): void {
        encodeKey(writer, Opcode.GET, opaque, this.key, 0n);
        encodeKey(writer, Opcode.DELETE, (opaque + 1) >>> 0, this.key, 0n);
    }

    onReply(reply: Reply): boolean {
        const isGet = reply.opaque === this.opaque;
        if (reply.status !== Status.OK && reply.status !== Status.NOT_FOUND) this.refuse(reply.status);
        else if (!isGet) this.succeed(this.held);
        else if (reply.status === Status.OK) this.held = toHeld(reply);
        return !isGet;
    }
}

export class GetAndTouchCall extends ItemCall {
    constructor(
        key: string,
        private readonly expirySeconds: number,
    ) {
        super(key);
    }

    encode(writer: FrameWriter, opaque: number): void {
        encodeTouch(writer, Opcode.GAT, opaque, this.key, this.expirySeconds);
    }
}

export class TouchCall extends Call<boolean> {
    readonly repeatable = true;

    constructor(
        key: string,
        private readonly expirySeconds: number,
    ) {
        super(key);
    }

    encode(writer: FrameWriter, opaque: number): void {
        encodeTouch(writer, Opcode.TOUCH, opaque, this.key, this.expirySeconds);
    }

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.succeed(true);
        else if (reply.status === Status.NOT_FOUND) this.succeed(false);
        else this.refuse(reply.status);
        return true;
    }
}

export function encodeKey(writer: FrameWriter, opcode: number, opaque: number, key: string, cas: bigint): void {
    writer.begin(opcode, opaque, high32(cas), low32(cas), key, 0);
    writer.key(key);
    writer.end();
}

function encodeTouch(writer: FrameWriter, opcode: number, opaque: number, key: string, expirySeconds: number): void {
    writer.begin(opcode, opaque, 0, 0, key, 4);
    writer.uint32(expirySeconds);
    writer.key(key);
    writer.end();
}

/** What is stored with a value. */
export interface StoreSpec {
    readonly value: string | Uint8Array;
    readonly flagBits: number;
    readonly expirySeconds: number;
}

export type StoreOpcode = typeof Opcode.SET | typeof Opcode.ADD | typeof Opcode.REPLACE;

export function encodeStore(
    writer: FrameWriter,
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
    readonly repeatable: boolean;

    constructor(
        private readonly opcode: StoreOpcode,
        key: string,
        private readonly spec: StoreSpec,
    ) {
        super(key);
        this.repeatable = opcode !== Opcode.ADD;
    }

    override get valueBytes(): number {
        return this.spec.value.length;
    }

    encode(writer: FrameWriter, opaque: number): void {
        encodeStore(writer, this.opcode, opaque, this.key, this.spec, 0n);
    }

    onReply(reply: Reply): boolean {
        const { status } = reply;
        if (status === Status.OK) this.succeed(true);
        else if (status === Status.EXISTS && this.opcode === Opcode.ADD) this.succeed(false);
        else if (status === Status.NOT_FOUND && this.opcode === Opcode.REPLACE) this.succeed(false);
        else this.refuse(status);
        return true;
    }
}

/** SET that takes another key's item away in the same write, quietly: whether that was there does not matter. */
export class EvictingSetCall extends Call<boolean> {
    readonly repeatable = true;

    constructor(
        key: string,
        private readonly spec: StoreSpec,
        private readonly evictedKey: string,
    ) {
        super(key);
        this.frames = 2;
    }

    override get valueBytes(): number {
        return this.spec.value.length;
    }

    encode(writer: FrameWriter, opaque: number): void {
        encodeKey(writer, Opcode.DELETEQ, opaque, this.evictedKey, 0n);
        encodeStore(writer, Opcode.SET, (opaque + 1) >>> 0, this.key, this.spec, 0n);
    }

    onReply(reply: Reply): boolean {
        if (reply.opaque === this.opaque) return false;
        if (reply.status === Status.OK) this.succeed(true);
        else this.refuse(reply.status);
        return true;
    }
}

/** What became of a compare-and-set; `cas` is the item's new CAS when it was stored. 'stale': not sent, its CAS is of another generation. */
export interface CasReply {
    readonly outcome: 'stored' | 'changed' | 'missing' | 'stale';
    readonly cas: bigint;
}

const STALE: CasReply = { outcome: 'stale', cas: 0n };

/** SET with a CAS, and ADD for its new one. Not repeated: the CAS has moved when the first try went through. */
export class CasStoreCall extends Call<CasReply> {
    readonly repeatable = false;

    constructor(
        private readonly opcode: StoreOpcode,
        key: string,
        private readonly spec: StoreSpec,
        private readonly cas: bigint,
        private readonly isOfGeneration: boolean,
    ) {
        super(key);
    }

    override onNewGeneration(): void {
        if (this.isOfGeneration) this.succeed(STALE);
    }

    override get valueBytes(): number {
        return this.spec.value.length;
    }

    encode(writer: FrameWriter, opaque: number): void {
        encodeStore(writer, this.opcode, opaque, this.key, this.spec, this.cas);
    }

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.succeed({ outcome: 'stored', cas: reply.cas });
        else if (reply.status === Status.EXISTS) this.succeed({ outcome: 'changed', cas: 0n });
        else if (reply.status === Status.NOT_FOUND) this.succeed({ outcome: 'missing', cas: 0n });
        else this.refuse(reply.status);
        return true;
    }
}

/** APPEND and PREPEND: twice would be twice. */
export class ConcatCall extends Call<boolean> {
    readonly repeatable = false;

    constructor(
        private readonly opcode: typeof Opcode.APPEND | typeof Opcode.PREPEND,
        key: string,
        private readonly value: string | Uint8Array,
    ) {
        super(key);
    }

    override get valueBytes(): number {
        return this.value.length;
    }

    encode(writer: FrameWriter, opaque: number): void {
        writer.begin(this.opcode, opaque, 0, 0, this.key, 0);
        writer.key(this.key);
        writer.value(this.value);
        writer.end();
    }

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.succeed(true);
        else if (reply.status === Status.NOT_STORED || reply.status === Status.NOT_FOUND) this.succeed(false);
        else this.refuse(reply.status);
        return true;
    }
}

export class DeleteCall extends Call<boolean> {
    readonly repeatable = true;

    encode(writer: FrameWriter, opaque: number): void {
        encodeKey(writer, Opcode.DELETE, opaque, this.key, 0n);
    }

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.succeed(true);
        else if (reply.status === Status.NOT_FOUND) this.succeed(false);
        else this.refuse(reply.status);
        return true;
    }
}

/** 'stale': not sent, its CAS is of another generation. */
export type CasDeleteReply = 'deleted' | 'changed' | 'missing' | 'stale';

/** DELETE of the item that has this CAS. Not repeated: "missing" would hide the success of the first try. */
export class CasDeleteCall extends Call<CasDeleteReply> {
    readonly repeatable = false;

    constructor(
        key: string,
        private readonly cas: bigint,
        private readonly isOfGeneration: boolean,
    ) {
        super(key);
    }

    override onNewGeneration(): void {
        if (this.isOfGeneration) this.succeed('stale');
    }

    encode(writer: FrameWriter, opaque: number): void {
        encodeKey(writer, Opcode.DELETE, opaque, this.key, this.cas);
    }

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.succeed('deleted');
        else if (reply.status === Status.NOT_FOUND) this.succeed('missing');
        else if (reply.status === Status.EXISTS) this.succeed('changed');
        else this.refuse(reply.status);
        return true;
    }
}

/** In INCREMENT and DECREMENT this expiry says: do not create the counter. */
export const NO_CREATE = 0xffffffff;

/** null: there is no such counter. 'raced': another one created it in the same moment, and nothing was counted. */
export type CounterReply = bigint | null | 'raced';

/** INCREMENT and DECREMENT: twice would be twice. */
export class CounterCall extends Call<CounterReply> {
    readonly repeatable = false;

    constructor(
        private readonly opcode: typeof Opcode.INCREMENT | typeof Opcode.DECREMENT,
        key: string,
        private readonly delta: bigint,
        private readonly initial: bigint,
        private readonly expirySeconds: number,
    ) {
        super(key);
    }

    encode(writer: FrameWriter, opaque: number): void {
        writer.begin(this.opcode, opaque, 0, 0, this.key, 20);
        for (const amount of [this.delta, this.initial]) {
            writer.uint32(high32(amount));
            writer.uint32(low32(amount));
        }
        writer.uint32(this.expirySeconds);
        writer.key(this.key);
        writer.end();
    }

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.succeed(reply.uint64());
        else if (reply.status === Status.NOT_FOUND) this.succeed(null);
        else if (reply.status === Status.NOT_STORED) this.succeed('raced');
        else this.refuse(reply.status);
        return true;
    }
}
