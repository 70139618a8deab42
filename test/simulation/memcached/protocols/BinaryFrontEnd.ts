import { Opcode } from '../../../../src/client/protocol/binary/constants';
import { Outcome as Status } from '../../../../src/client/protocol/Protocol';
import { encodeReply, frameBytes, parseFrame, type Frame } from './BinaryFrame';
import type { BackEnd, FrontEnd } from './FrontEnd';
import type { Answer } from '../Memory';

const NOTHING = Buffer.alloc(0);
/** Body of an error reply. */
const ERROR_BODY = Buffer.from('refused');
const AUTHENTICATED = Buffer.from('Authenticated');

/** Status for which a quiet command sends no reply. */
const QUIET: Readonly<Record<number, number>> = {
    [Opcode.GETQ]: Status.NOT_FOUND,
    [Opcode.SETQ]: Status.OK,
    [Opcode.DELETEQ]: Status.OK,
};

/** Binary protocol on one connection. */
export class BinaryFrontEnd implements FrontEnd {
    readonly isBinary = true;
    private isLoggedIn: boolean;

    constructor(
        private readonly server: BackEnd,
        private readonly client: string,
    ) {
        this.isLoggedIn = !server.hasLogin;
    }

    lengthOf(input: Buffer, at: number): number {
        const bytes = frameBytes(input, at);
        return input.length - at < bytes ? 0 : bytes;
    }

    answer(request: Buffer, replies: Buffer[]): boolean {
        const frame = parseFrame(request);
        const { opcode } = frame;
        if (opcode === Opcode.SASL_AUTH) replies.push(this.logIn(frame));
        else if (opcode === Opcode.VERSION) replies.push(reply(frame, Buffer.from(this.server.variant.version)));
        else if (!this.isLoggedIn) return this.refuse(frame, replies);
        else if (opcode === Opcode.NOOP) replies.push(reply(frame, NOTHING));
        else if (opcode === Opcode.STAT) this.addStatistics(frame, replies);
        else if (opcode === Opcode.FLUSH) {
            this.server.flush();
            replies.push(reply(frame, NOTHING));
        } else this.execute(frame, replies);
        return true;
    }

    isNoticedTwice(): boolean {
        return true;
    }

    private execute(frame: Frame, replies: Buffer[]): void {
        const { opcode, verb } = frame;
        const answer = this.server.execute({ ...frame, verb: verb! }, this.client);
        if (QUIET[opcode] === answer.status) return;
        const { status, cas, flags } = answer;
        replies.push(encodeReply(frame, status, cas, flags, '', bodyOf(answer)));
    }

    /** Checks the user name and the password. */
    private logIn(frame: Frame): Buffer {
        const [, username = '', password = ''] = frame.value.toString().split('\0');
        this.isLoggedIn = frame.key === 'PLAIN' && this.server.isLogin(username, password);
        if (this.isLoggedIn) return reply(frame, AUTHENTICATED);
        return encodeReply(frame, Status.AUTH_ERROR, 0n, -1, '', ERROR_BODY);
    }

    private refuse(frame: Frame, replies: Buffer[]): false {
        if (frame.opcode !== Opcode.NOOP) throw new Error(`unexpected opcode ${frame.opcode} before the login`);
        replies.push(encodeReply(frame, Status.AUTH_ERROR, 0n, -1, '', ERROR_BODY));
        return false;
    }

    private addStatistics(frame: Frame, replies: Buffer[]): void {
        const found = this.server.statistics(frame.key);
        if (found === null) throw new Error(`unknown group of statistics ${frame.key}`);
        for (const [name, value] of [...found, ['', '']] as const)
            replies.push(encodeReply(frame, Status.OK, 0n, -1, name, Buffer.from(value)));
    }
}

function reply(frame: Frame, body: Uint8Array): Buffer {
    return encodeReply(frame, Status.OK, 0n, -1, '', body);
}

function bodyOf({ status, value, count }: Answer): Buffer {
    if (status !== Status.OK) return ERROR_BODY;
    if (count === null) return value;
    const body = Buffer.alloc(8);
    body.writeBigUInt64BE(count);
    return body;
}
