import { Call } from './Call';
import type { Login } from '../model/ServerAddress';
import type { BinaryWriter } from '../protocol/binary/BinaryWriter';
import { Opcode, Status } from '../protocol/binary/constants';
import type { BinaryReply } from '../protocol/binary/BinaryReply';

/** Calls that ask the server itself, not about a key. */

export class NoopCall extends Call<void> {
    readonly retry = 'always';

    get operation(): string {
        return 'noop';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        writer.keyFrame(Opcode.NOOP, opaque, '', 0n);
    }

    onReply(reply: BinaryReply): boolean {
        if (reply.status === Status.OK) this.succeed();
        else this.rejectWith(reply.status);
        return true;
    }
}

/** Asks whether a server is there. Its time begins when it is sent: connecting has a time of its own before that. */
export class GreetingCall extends NoopCall {
    override encode(writer: BinaryWriter, opaque: number): void {
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

    encode(writer: BinaryWriter, opaque: number): void {
        writer.keyFrame(Opcode.VERSION, opaque, '', 0n);
    }

    onReply(reply: BinaryReply): boolean {
        if (reply.status === Status.OK) this.succeed(reply.text());
        else this.rejectWith(reply.status);
        return true;
    }
}

/** STAT is answered by a frame per statistic; one without a key ends them. */
export class StatCall extends Call<Record<string, string>> {
    readonly retry = 'always';
    private stats: Record<string, string> = {};

    constructor(private readonly group: string) {
        super();
    }

    get operation(): string {
        return 'stats';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        this.stats = Object.create(null) as Record<string, string>;
        writer.keyFrame(Opcode.STAT, opaque, this.group, 0n);
    }

    onReply(reply: BinaryReply): boolean {
        if (reply.status !== Status.OK) return this.rejectWith(reply.status);
        if (!this.isLast(reply)) {
            this.stats[reply.key()] = reply.text();
            return false;
        }
        this.succeed(this.stats);
        return true;
    }

    override isLast(reply: BinaryReply): boolean {
        return reply.keyBytes === 0 || reply.status !== Status.OK;
    }
}

/** The first call of a channel, before it is used. False: the server does not take us. */
abstract class FirstCall extends Call<boolean> {
    readonly retry = 'never';

    onReply(reply: BinaryReply): boolean {
        this.succeed(reply.status === Status.OK);
        return true;
    }
}

/** NOOP: shows that the server reads what is sent on the channel. */
export class ProofCall extends FirstCall {
    get operation(): string {
        return 'noop';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        writer.keyFrame(Opcode.NOOP, opaque, '', 0n);
    }
}

/** SASL PLAIN, in one step. */
export class LoginCall extends FirstCall {
    constructor(private readonly login: Login) {
        super();
    }

    get operation(): string {
        return 'login';
    }

    encode(writer: BinaryWriter, opaque: number): void {
        const mechanism = 'PLAIN';
        const value = `\0${this.login.username}\0${this.login.password}`;
        writer.begin(Opcode.SASL_AUTH, opaque, 0, 0, mechanism, value.length * 3);
        writer.key(mechanism);
        writer.value(value);
        writer.end();
    }
}
