import type { Connection } from '../network/Network';
import type { Receiver } from '../network/Pipe';
import type { EventLoop } from '../world/EventLoop';
import type { Random } from '../world/Random';
import { REQUEST_MAGIC } from '../../../src/client/protocol/binary/constants';
import { checkHandshake } from './protocols/checkHandshake';
import type { FrontEnd } from './protocols/FrontEnd';
import type { ModelServer } from './ModelServer';
import { openFrontEnd } from './protocols/openFrontEnd';

/** Maximum number of requests that one connection executes before it yields. */
const MAX_BATCH = 20;
const NOTHING = Buffer.alloc(0);

/** Server side of a connection. */
export class Session implements Receiver {
    private input: Buffer = NOTHING;
    private frontEnd: FrontEnd | null = null;
    /** Bytes that the client has sent before the server has proven its protocol. */
    private greeting: Buffer = NOTHING;
    private isProven = false;
    private isBusy = false;
    /** Time until which the thread of the connection is blocked. */
    stuckUntilMs = 0;

    constructor(
        private readonly server: ModelServer,
        readonly connection: Connection,
        readonly loop: EventLoop,
        private readonly epoch: number,
        private readonly random: Random,
    ) {}

    get isAlive(): boolean {
        return this.server.epoch === this.epoch && !this.connection.isCut;
    }

    onData(bytes: Buffer): void {
        if (!this.isAlive) return;
        if (!this.isProven) checkHandshake((this.greeting = Buffer.concat([this.greeting, bytes])));
        this.input = this.input.length === 0 ? bytes : Buffer.concat([this.input, bytes]);
        if (!this.isBusy) this.work();
    }

    /** Answers the received requests before it closes. */
    onEnd(): void {
        if (this.isAlive) this.connection.toClient.finish();
    }

    /** Ignores the reset, because the server first reads the bytes in its kernel. */
    onReset(): void {}

    private work(): void {
        if (!this.isAlive) return;
        if (this.stuckUntilMs > this.server.nowMs) {
            this.isBusy = true;
            return this.loop.post(this.stuckUntilMs, () => this.work());
        }
        const { input, server, connection } = this;
        const frontEnd = (this.frontEnd ??= openFrontEnd(server, connection.client, input[0]!));
        const replies: Buffer[] = [];
        const max = this.random.int(1, MAX_BATCH);
        let at = 0;
        let done = 0;
        let isOpen = true;
        let pauseMs = 0;
        for (; done < max && isOpen && pauseMs === 0; done++) {
            const bytes = frontEnd.lengthOf(input, at);
            if (bytes === 0) break;
            isOpen = frontEnd.answer(input.subarray(at, at + bytes), replies);
            at += bytes;
            if (at < input.length) pauseMs = server.takeInterrupt(connection.client);
        }
        this.input = input.subarray(at);
        if (replies.length > 0) this.send(frontEnd, replies);
        server.spend(done);
        if (!isOpen) return connection.cut('fin');
        if (pauseMs > 0) this.stuckUntilMs = server.nowMs + pauseMs;
        this.isBusy = done === max || pauseMs > 0;
        if (this.isBusy) this.loop.post(0, () => this.work());
    }

    private send(frontEnd: FrontEnd, replies: Buffer[]): void {
        const { toClient } = this.connection;
        const loss = this.server.takeLoss(this.connection.client);
        if (loss === 'fin' || loss === 'reset') return this.connection.cut(loss);
        if (loss === 'silence') toClient.stall(Infinity);
        const [first] = replies;
        if (loss === 'repeat' && frontEnd.isNoticedTwice(first!)) replies.push(first!);
        toClient.send(Buffer.concat(replies));
        this.isProven = frontEnd.isBinary === (this.greeting[0] === REQUEST_MAGIC);
    }
}
