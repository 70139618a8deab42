import { Call } from './Call';
import type { FrameWriter } from './FrameWriter';
import { Item } from './Item';
import { Opcode, Status } from './protocol';
import type { Reply } from './Reply';

/** Calls that read or touch one key. Each says in `onReply` which statuses are answers; every other one is an error. */

/** What it answers was found, or not. */
abstract class LookUp<T> extends Call<T> {
    readonly retry = 'always';

    protected hit(value: T): void {
        if (!this.settled) this.host!.counts.hits++;
        this.succeed(value);
    }

    protected miss(value: T): void {
        if (!this.settled) this.host!.counts.misses++;
        this.succeed(value);
    }
}

abstract class ItemCall extends LookUp<Item> {
    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.hit(Item.of(reply));
        else if (reply.status === Status.NOT_FOUND) this.miss(Item.MISS);
        else this.refuse(reply.status);
        return true;
    }

    override resultOf({ value }: Item): string {
        return value === null ? 'miss' : 'hit';
    }
}

export class GetCall extends ItemCall {
    get operation(): string {
        return 'get';
    }

    encode(writer: FrameWriter, opaque: number): void {
        writer.keyFrame(Opcode.GET, opaque, this.key, 0n);
    }
}

/** What a key holds: text when it was stored without flags, an Item otherwise, null when there is nothing. */
export type Held = string | Item | null;

/** Text is decoded from the socket's buffer: no Buffer is made that is only read once. Decoding UTF-8 cannot fail, so it may be done there. */
export function toHeld(reply: Reply): Held {
    return reply.flags === 0 ? reply.text() : Item.of(reply);
}

abstract class HeldCall extends LookUp<Held> {
    override resultOf(held: Held): string {
        return held === null ? 'miss' : 'hit';
    }
}

export class GetTextCall extends HeldCall {
    get operation(): string {
        return 'get';
    }

    encode(writer: FrameWriter, opaque: number): void {
        writer.keyFrame(Opcode.GET, opaque, this.key, 0n);
    }

    onReply(reply: Reply): boolean {
        if (reply.status === Status.OK) this.hit(toHeld(reply));
        else if (reply.status === Status.NOT_FOUND) this.miss(null);
        else this.refuse(reply.status);
        return true;
    }
}

/** GET and DELETE in one write. Tried again after a fault, it may answer null for what its first try has deleted. */
export class GetAndDeleteCall extends HeldCall {
    private held: Held = null;

    constructor(key: string) {
        super(key);
        this.frames = 2;
    }

    get operation(): string {
        return 'getAndDelete';
    }

    encode(writer: FrameWriter, opaque: number): void {
        writer.keyFrame(Opcode.GET, opaque, this.key, 0n);
        writer.keyFrame(Opcode.DELETE, (opaque + 1) >>> 0, this.key, 0n);
    }

    onReply(reply: Reply): boolean {
        const isGet = reply.opaque === this.opaque;
        if (reply.status !== Status.OK && reply.status !== Status.NOT_FOUND) this.refuse(reply.status);
        else if (!isGet && this.held === null) this.miss(null);
        else if (!isGet) this.hit(this.held);
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

    get operation(): string {
        return 'getAndTouch';
    }

    encode(writer: FrameWriter, opaque: number): void {
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

    override resultOf(isThere: boolean): string {
        return isThere ? 'touched' : 'missing';
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

function encodeTouch(writer: FrameWriter, opcode: number, opaque: number, key: string, expirySeconds: number): void {
    writer.begin(opcode, opaque, 0, 0, key, 4);
    writer.uint32(expirySeconds);
    writer.key(key);
    writer.end();
}
