import { Opcode } from '../../../src/client/protocol/binary/constants';
import { Outcome as Status } from '../../../src/client/protocol/Protocol';
import type { Connection, Listener } from '../network/Network';
import type { Receiver } from '../network/Pipe';
import type { EventLoop } from '../world/EventLoop';
import type { Random } from '../world/Random';
import type { World } from '../world/World';
import { History, TOKEN_KEY, type StoredItem } from './History';
import { Memory, type Answer } from './Memory';
import { encodeReply, frameBytes, parseRequest, type Request } from './Request';
import { ServerClock } from './ServerClock';
import { LOGIN } from '../workload/settings';

/** Maximum number of requests that one connection executes before it yields. */
const MAX_BATCH = 20;
const NOTHING = Buffer.alloc(0);
/** Body of an error reply. */
const ERROR_BODY = Buffer.from('refused');
const AUTHENTICATED = Buffer.from('Authenticated');

const VERBS = new Map(Object.entries(Opcode).map(([name, opcode]) => [opcode as number, name]));

/** Status for which a quiet command sends no reply. */
const QUIET: Readonly<Record<number, number>> = {
    [Opcode.GETQ]: Status.NOT_FOUND,
    [Opcode.SETQ]: Status.OK,
    [Opcode.DELETEQ]: Status.OK,
};

export interface ServerSettings {
    readonly hasCas: boolean;
    readonly hasLogin: boolean;
    /** Duration of one request, in ms. */
    readonly requestMs: number;
}

/**
 * Ways to lose a reply. `fin` and `reset` end the connection, and `silence` stalls it. With
 * `repeat` and `skip` a broken server sends a reply twice or not at all.
 */
export type Loss = 'fin' | 'reset' | 'silence' | 'repeat' | 'skip';

/** Server side of a connection. */
class Session implements Receiver {
    private input: Buffer = NOTHING;
    private isBusy = false;
    private isLoggedIn = false;
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
        const replies: Buffer[] = [];
        const max = this.random.int(1, MAX_BATCH);
        let at = 0;
        let done = 0;
        for (; done < max; done++) {
            const bytes = frameBytes(this.input, at);
            if (bytes === 0 || this.input.length - at < bytes) break;
            this.answer(parseRequest(this.input, at), replies);
            at += bytes;
        }
        this.input = this.input.subarray(at);
        if (replies.length > 0) this.send(replies);
        this.server.spend(done);
        this.isBusy = done === max;
        if (this.isBusy) this.loop.post(0, () => this.work());
    }

    private answer(request: Request, replies: Buffer[]): void {
        const { server, connection } = this;
        if (request.opcode === Opcode.SASL_AUTH) this.isLoggedIn = server.logIn(request, replies);
        else if (this.isLoggedIn || server.isPublic(request)) server.answer(request, connection.client, replies);
        else throw new Error(`unexpected opcode ${request.opcode} before the login`);
    }

    private send(replies: Buffer[]): void {
        const { toClient } = this.connection;
        const loss = this.server.takeLoss(this.connection.client);
        if (loss === 'fin' || loss === 'reset') return this.connection.cut(loss);
        if (loss === 'silence') toClient.stall(Infinity);
        // A client cannot detect a missing reply to a quiet request.
        if (loss === 'skip' && QUIET[replies[0]![1]!] === undefined) replies.shift();
        if (loss === 'repeat') replies.push(replies[0]!);
        toClient.send(Buffer.concat(replies));
    }
}

/** Model of one memcached: memory, clock, connections and faults. */
export class ModelServer implements Listener {
    isListening = true;
    /** Number of starts. Each session belongs to one start. */
    epoch = 0;
    readonly history: History;
    private clock!: ServerClock;
    private memory!: Memory;
    private slowness = 1;
    private slowUntilMs = 0;
    private refusesUntilMs = 0;
    private sessions: Session[] = [];
    private accepted = 0;
    private readonly losses = new Map<string, Loss>();

    constructor(
        readonly name: string,
        private readonly world: World,
        private readonly loop: EventLoop,
        private readonly settings: ServerSettings,
        private readonly random: Random,
    ) {
        this.history = new History(name);
        this.start();
    }

    accept(connection: Connection): Receiver {
        const random = this.random.of(`session ${++this.accepted}`);
        const session = new Session(this, connection, this.loop, this.epoch, random);
        this.sessions = [...this.sessions.filter(({ isAlive }) => isAlive), session];
        return session;
    }

    get nowMs(): number {
        return this.world.nowMs;
    }

    /** Blocks the thread that serves the current connections of a client. */
    stick(client: string, forMs: number): void {
        for (const session of this.sessions) {
            if (session.connection.client === client) session.stuckUntilMs = this.nowMs + forMs;
        }
    }

    /** Loses the next replies to a client. */
    lose(client: string, how: Loss): void {
        this.losses.set(client, how);
    }

    takeLoss(client: string): Loss | null {
        const loss = this.losses.get(client) ?? null;
        this.losses.delete(client);
        return loss;
    }

    /** Clears the memory and listens again after the downtime. The caller ends the connections. */
    restart(downMs: number): void {
        if (!this.isListening) return;
        this.memory.lose(this.world.nowMs);
        this.isListening = false;
        this.epoch++;
        this.loop.post(this.world.nowMs + downMs, () => this.start());
    }

    suspend(forMs: number): void {
        this.loop.hold(forMs);
    }

    slowDown(times: number, forMs: number): void {
        this.slowness = times;
        this.slowUntilMs = this.world.nowMs + forMs;
    }

    fill(forMs: number): void {
        this.memory.fullUntilMs = this.world.nowMs + forMs;
    }

    refuseLogins(forMs: number): void {
        this.refusesUntilMs = this.world.nowMs + forMs;
    }

    skipSecond(): void {
        this.clock.skip(this.world.nowMs);
        this.memory.recomputeExpiry();
    }

    evict(key: string): void {
        this.memory.evict(key, this.world.nowMs);
    }

    /** Records the expiry of every item that has expired. */
    settle(): void {
        this.memory.expire(this.world.nowMs);
    }

    spend(requests: number): void {
        const { nowMs } = this.world;
        const times = nowMs < this.slowUntilMs ? this.slowness : 1;
        this.loop.hold(requests * this.settings.requestMs * times);
    }

    /** Checks the user name and the password. */
    logIn(request: Request, replies: Buffer[]): boolean {
        const { username, password } = LOGIN;
        const isRight = request.key === 'PLAIN' && request.value.toString() === `\0${username}\0${password}`;
        const isAccepted = isRight && this.nowMs >= this.refusesUntilMs;
        const status = isAccepted ? Status.OK : Status.AUTH_ERROR;
        replies.push(encodeReply(request, status, 0n, -1, '', isAccepted ? AUTHENTICATED : ERROR_BODY));
        return isAccepted;
    }

    /** Returns whether the request needs no login. */
    isPublic({ opcode }: Request): boolean {
        return !this.settings.hasLogin || opcode === Opcode.VERSION;
    }

    answer(request: Request, process: string, replies: Buffer[]): void {
        const { opcode, key } = request;
        if (opcode === Opcode.STAT) return this.answerStatistics(request, replies);
        if (opcode === Opcode.NOOP || opcode === Opcode.VERSION) {
            const body = opcode === Opcode.VERSION ? Buffer.from('1.6.18') : NOTHING;
            replies.push(encodeReply(request, Status.OK, 0n, -1, '', body));
            return;
        }
        const { nowMs } = this.world;
        this.memory.expire(nowMs);
        const before = this.memory.get(key);
        const answer = this.memory.answer(request, nowMs);
        this.record(request, process, before, answer);
        if (QUIET[opcode] !== answer.status)
            replies.push(encodeReply(request, answer.status, answer.cas, answer.flags, '', bodyOf(answer)));
    }

    private answerStatistics(request: Request, replies: Buffer[]): void {
        for (const [name, value] of [
            ['version', '1.6.18'],
            ['evictions', '0'],
            ['cas_enabled', this.settings.hasCas ? 'yes' : 'no'],
        ] as const)
            replies.push(encodeReply(request, Status.OK, 0n, -1, name, Buffer.from(value)));
        replies.push(encodeReply(request, Status.OK, 0n, -1, '', NOTHING));
    }

    private record(request: Request, process: string, before: StoredItem | null, { status }: Answer): void {
        const { opcode, key, value, delta, cas, expiry } = request;
        const isCounter = opcode === Opcode.INCREMENT || opcode === Opcode.DECREMENT;
        const { log } = this.world;
        if (log !== null) log(`    ${this.name} ${process} ${VERBS.get(opcode)} ${key} ${cas || ''} → ${status}`);
        this.history.executions.push({
            atMs: this.world.nowMs,
            server: this.name,
            process,
            opcode,
            key,
            status,
            sent: isCounter ? Buffer.from(`${delta}`) : value,
            requestCas: cas,
            before,
            after: this.memory.get(key),
            token: this.memory.get(TOKEN_KEY)?.value.toString() ?? null,
            expiry,
        });
    }

    private start(): void {
        this.isListening = true;
        this.clock = new ServerClock(this.world.nowMs, this.random.between(0, 1000));
        this.memory = new Memory(this.clock, this.history, this.settings.hasCas);
    }
}

function bodyOf({ status, value }: Answer): Buffer {
    return status === Status.OK ? value : ERROR_BODY;
}
