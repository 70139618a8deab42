import { MAX_KEY_BYTES } from '../model/ClientOptions';
import { Outcome, type Reply, type RequestWriter } from '../protocol/Protocol';
import { Call, type Retry } from './Call';

/** Calls to the server itself, without a key. */

export class NoopCall extends Call<void> {
    readonly operation = 'noop';
    readonly retry: Retry = 'always';

    encode(writer: RequestWriter, opaque: number): void {
        writer.noop(opaque);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed();
        else this.rejectWith(reply);
        return true;
    }
}

/** A noop of the channel itself, for bytes that follow other requests. Its result is unused. */
export class WakeCall extends NoopCall {
    override readonly retry = 'never';

    constructor() {
        super();
        this.promise.catch(() => {});
    }

    override onReply(): boolean {
        this.succeed();
        return true;
    }
}

/** A probe of a server. Its time limit does not include the connection attempt. */
export class GreetingCall extends NoopCall {
    override encode(writer: RequestWriter, opaque: number): void {
        const { deadlines, requestTimeoutMs } = this.host!;
        deadlines.remove(this.deadline!);
        this.deadlineMs = Math.min(this.deadlineMs, deadlines.nowMs + requestTimeoutMs);
        deadlines.add(this.deadline!);
        super.encode(writer, opaque);
    }
}

export class VersionCall extends Call<string> {
    readonly operation = 'version';
    readonly retry = 'always';

    encode(writer: RequestWriter, opaque: number): void {
        writer.version(opaque);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed(reply.text());
        else this.rejectWith(reply);
        return true;
    }
}

/** A call that reads a group of statistics, '' for the general ones. 'reset' resets the counts. */
export class StatCall extends Call<Record<string, string>> {
    readonly retry = 'always';
    private stats: Record<string, string> = {};

    constructor(private readonly group: string) {
        super();
    }

    get operation(): string {
        return this.group === 'reset' ? 'resetStats' : 'stats';
    }

    encode(writer: RequestWriter, opaque: number): void {
        // memcached would close the connection, which would fail other calls.
        if (Buffer.byteLength(this.group) > MAX_KEY_BYTES) {
            throw new Error(`invalid group of statistics: expected at most ${MAX_KEY_BYTES} bytes`);
        }
        this.stats = Object.create(null) as Record<string, string>;
        writer.stat(opaque, this.group);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome !== Outcome.OK) return this.rejectWith(reply);
        const isLast = this.isLast(reply);
        if (isLast) this.succeed(this.stats);
        else this.stats[reply.key()] = reply.text();
        return isLast;
    }

    override isLast(reply: Reply): boolean {
        return reply.key() === '' || reply.outcome !== Outcome.OK;
    }
}

/** A call that deletes all items of the server. A late copy would delete newer items, too. */
export class FlushCall extends Call<boolean> {
    readonly operation = 'flush';
    readonly retry = 'never';

    encode(writer: RequestWriter, opaque: number): void {
        writer.flush(opaque);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed(true);
        else this.rejectWith(reply);
        return true;
    }
}
