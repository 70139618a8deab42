import type { Login } from '../model/ServerAddress';
import { Outcome, type Reply, type RequestWriter } from '../protocol/Protocol';
import { Call } from './Call';

/** Calls to the server itself, without a key. */

export class NoopCall extends Call<void> {
    readonly retry = 'always';

    get operation(): string {
        return 'noop';
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.noop(opaque);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed();
        else this.rejectWith(reply);
        return true;
    }
}

/** Asks whether a server answers. Its request timeout starts when it is sent: connecting has its own. */
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
    readonly retry = 'always';

    get operation(): string {
        return 'version';
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.version(opaque);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed(reply.text());
        else this.rejectWith(reply);
        return true;
    }
}

/** Reads a group of statistics: '' for the general ones. 'reset' sets the counts back to 0. */
export class StatCall extends Call<Record<string, string>> {
    readonly retry = 'always';
    private stats: Record<string, string> = {};

    constructor(private readonly group: string) {
        super();
    }

    get operation(): string {
        return 'stats';
    }

    encode(writer: RequestWriter, opaque: number): void {
        this.stats = Object.create(null) as Record<string, string>;
        writer.stat(opaque, this.group);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome !== Outcome.OK) return this.rejectWith(reply);
        if (reply.hasKey) {
            this.stats[reply.key()] = reply.text();
            return false;
        }
        this.succeed(this.stats);
        return true;
    }

    override isLast(reply: Reply): boolean {
        return !reply.hasKey || reply.outcome !== Outcome.OK;
    }
}

/** Deletes all items of the server. A late copy would delete newer items, too. */
export class FlushCall extends Call<boolean> {
    readonly retry = 'never';

    get operation(): string {
        return 'flush';
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.flush(opaque);
    }

    onReply(reply: Reply): boolean {
        if (reply.outcome === Outcome.OK) this.succeed(true);
        else this.rejectWith(reply);
        return true;
    }
}

/** The first call of a channel. Resolves with whether the server accepts the connection. */
abstract class FirstCall extends Call<boolean> {
    readonly retry = 'never';

    onReply(reply: Reply): boolean {
        this.succeed(reply.outcome === Outcome.OK);
        return true;
    }
}

/** Shows that the server reads what is sent on the channel. */
export class ProofCall extends FirstCall {
    get operation(): string {
        return 'noop';
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.noop(opaque);
    }
}

export class LoginCall extends FirstCall {
    constructor(private readonly login: Login) {
        super();
    }

    get operation(): string {
        return 'login';
    }

    encode(writer: RequestWriter, opaque: number): void {
        writer.login(opaque, this.login);
    }
}
