import { Call } from './Call';
import type { BinaryWriter } from '../protocol/binary/BinaryWriter';
import { Item } from '../model/Item';
import { Opcode, Status } from '../protocol/binary/constants';
import type { BinaryReply } from '../protocol/binary/BinaryReply';

/** Calls that read or touch one key. Each says in `onReply` which statuses are answers; every other one is an error. */

/** What it answers was found, or not. */
abstract class LookUp<T> extends Call<T> {
    readonly retry = 'always';

    protected hit(value: T): void {
        if (!this.settled) this.host!.metrics.hits++;
        this.succeed(value);
    }

    protected miss(value: T): void {
        if (!this.settled) this.host!.metrics.misses++;
        this.succeed(value);
    }
}

abstract class ItemCall extends LookUp<Item> {
    onReply(reply: BinaryReply): boolean {
        if (reply.status === Status.OK) this.hit(Item.of(reply));
        else if (reply.status === Status.NOT_FOUND) this.miss(Item.MISS);
        else this.rejectWith(reply.status);
        return true;
    }

    override describeResult({ value }: Item): string {
        return value === null ? 'miss' : 'hit';
    }
}

export class GetCall extends ItemCall {
    get operation(): string {
        return 'get';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        writer.keyFrame(Opcode.GET, opaque, this.key, 0n);
    }
}

/** What a key holds: text when it was stored without flags, an Item otherwise, null when there is nothing. */
export type Fetched = string | Item | null;

/** Text is decoded from the socket's buffer: no Buffer is made that is only read once. Decoding UTF-8 cannot fail, so it may be done there. */
export function readFetched(reply: BinaryReply): Fetched {
    return reply.flags === 0 ? reply.text() : Item.of(reply);
}

abstract class HeldCall extends LookUp<Fetched> {
    override describeResult(held: Fetched): string {
        return held === null ? 'miss' : 'hit';
    }
}

export class GetTextCall extends HeldCall {
    get operation(): string {
        return 'get';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        writer.keyFrame(Opcode.GET, opaque, this.key, 0n);
    }

    onReply(reply: BinaryReply): boolean {
        if (reply.status === Status.OK) this.hit(readFetched(reply));
        else if (reply.status === Status.NOT_FOUND) this.miss(null);
        else this.rejectWith(reply.status);
        return true;
    }
}

/** GET and DELETE in one write. Tried again after a fault, it may answer null for what its first try has deleted. */
export class GetAndDeleteCall extends HeldCall {
    private fetched: Fetched = null;

    constructor(key: string) {
        super(key);
        this.frameCount = 2;
    }

    get operation(): string {
        return 'getAndDelete';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        writer.keyFrame(Opcode.GET, opaque, this.key, 0n);
        writer.keyFrame(Opcode.DELETE, (opaque + 1) >>> 0, this.key, 0n);
    }

    onReply(reply: BinaryReply): boolean {
        const isGet = reply.opaque === this.opaque;
        if (reply.status !== Status.OK && reply.status !== Status.NOT_FOUND) this.rejectWith(reply.status);
        else if (!isGet && this.fetched === null) this.miss(null);
        else if (!isGet) this.hit(this.fetched);
        else if (reply.status === Status.OK) this.fetched = readFetched(reply);
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

    get operation(): string {
        return 'getAndTouch';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        encodeTouch(writer, Opcode.GAT, opaque, this.key, this.expirySeconds);
    }
}

export class TouchCall extends Call<boolean> {
    readonly retry = 'always';

    constructor(
        key: string,
        private readonly expirySeconds: number,
    ) {
        super(key);
    }

    get operation(): string {
        return 'touch';
    }

    override describeResult(isThere: boolean): string {
        return isThere ? 'touched' : 'missing';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        encodeTouch(writer, Opcode.TOUCH, opaque, this.key, this.expirySeconds);
    }

    onReply(reply: BinaryReply): boolean {
        if (reply.status === Status.OK) this.succeed(true);
        else if (reply.status === Status.NOT_FOUND) this.succeed(false);
        else this.rejectWith(reply.status);
        return true;
    }
}

function encodeTouch(writer: BinaryWriter, opcode: number, opaque: number, key: string, expirySeconds: number): void {
    writer.begin(opcode, opaque, 0, 0, key, 4);
    writer.uint32(expirySeconds);
    writer.key(key);
    writer.end();
}
