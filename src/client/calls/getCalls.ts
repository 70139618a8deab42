import { limitExpiry } from '../model/expiry';
import { Item } from '../model/Item';
import { Outcome, type Reply, type RequestWriter } from '../protocol/Protocol';
import { Call } from './Call';

/** A value as text if it has no flags, otherwise as an `Item`. null on a miss. */
export type Fetched = string | Item | null;

export function readItem(reply: Reply): Item {
    return new Item(reply.value(), reply.flags, reply.casHigh, reply.casLow);
}

/** Decodes text from the socket's buffer, which saves a Buffer per value. */
export function readFetched(reply: Reply): Fetched {
    return reply.flags === 0 ? reply.text() : readItem(reply);
}

/** A call that reads one key. */
export class GetCall<T> extends Call<T> {
    readonly retry = 'always';

    /** @param miss the result when there is no such key */
    constructor(
        key: string,
        protected readonly read: (reply: Reply) => T,
        protected readonly miss: T,
    ) {
        super(key);
    }

    get operation(): string {
        return 'get';
    }

    override describeResult(result: T): string {
        return result === this.miss ? 'miss' : 'hit';
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.get(opaque, this.key);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeedWithHit(this.read(reply));
        else if (reply.outcome === Outcome.NOT_FOUND) this.succeedWithMiss();
        else this.rejectWith(reply);
        return true;
    }

    protected succeedWithHit(value: T): void {
        if (!this.settled) this.host!.metrics.hits++;
        this.succeed(value);
    }

    protected succeedWithMiss(): void {
        if (!this.settled) this.host!.metrics.misses++;
        this.succeed(this.miss);
    }
}

/** A call that reads and deletes one key in one write. If the value is lost, a retry is a miss. */
export class GetAndDeleteCall extends GetCall<Fetched> {
    private fetched: Fetched = null;

    constructor(key: string) {
        super(key, readFetched, null);
        this.frameCount = 2;
    }

    override get operation(): string {
        return 'getAndDelete';
    }

    override encode(writer: RequestWriter, opaque: number): void {
        writer.get(opaque, this.key);
        writer.delete((opaque + 1) >>> 0, this.key);
    }

    override onReply(reply: Reply): boolean {
        const isGet = reply.opaque === this.opaque;
        if (reply.outcome !== Outcome.OK && reply.outcome !== Outcome.NOT_FOUND) this.rejectWith(reply);
        else if (!isGet && this.fetched === null) this.succeedWithMiss();
        else if (!isGet) this.succeedWithHit(this.fetched);
        // A retry keeps the value that its first try has deleted.
        else if (reply.outcome === Outcome.OK) this.fetched = readFetched(reply);
        return !isGet;
    }
}

export class GetAndTouchCall extends GetCall<Item> {
    constructor(
        key: string,
        private expirySeconds: number,
    ) {
        super(key, readItem, Item.MISS);
    }

    override get operation(): string {
        return 'getAndTouch';
    }

    override limitExpiry(limit: number): void {
        this.expirySeconds = limitExpiry(this.expirySeconds, limit);
    }

    override encode(writer: RequestWriter, opaque: number): void {
        writer.getAndTouch(opaque, this.key, this.expirySeconds);
    }
}

/** A call that changes the expiry of one key. It resolves with whether the key exists. */
export class TouchCall extends Call<boolean> {
    readonly operation = 'touch';
    readonly retry = 'always';

    constructor(
        key: string,
        private expirySeconds: number,
    ) {
        super(key);
    }

    override describeResult(isThere: boolean): string {
        return isThere ? 'touched' : 'missing';
    }

    override limitExpiry(limit: number): void {
        this.expirySeconds = limitExpiry(this.expirySeconds, limit);
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.touch(opaque, this.key, this.expirySeconds);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed(true);
        else if (reply.outcome === Outcome.NOT_FOUND) this.succeed(false);
        else this.rejectWith(reply);
        return true;
    }
}
