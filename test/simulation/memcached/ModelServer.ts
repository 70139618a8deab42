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

/** So many requests of one connection are answered before others have their turn. */
const MOST_AT_ONCE = 20;
const NOTHING = Buffer.alloc(0);
/** What memcached says in the body of a reply that is no success. */
const REFUSAL = Buffer.from('refused');

const VERBS = new Map(Object.entries(Opcode).map(([name, opcode]) => [opcode as number, name]));

/** Replies that are left out when there is nothing to say. */
const QUIET: Readonly<Record<number, number>> = {
    [Opcode.GETQ]: Status.NOT_FOUND,
    [Opcode.SETQ]: Status.OK,
    [Opcode.DELETEQ]: Status.OK,
};

export interface ServerSettings {
    readonly hasCas: boolean;
    /** What a request takes, in ms. */
    readonly requestMs: number;
}

/** What becomes of replies: `fin` and `reset` end the connection, the last two are those of a broken server. */
export type Loss = 'fin' | 'reset' | 'silence' | 'repeat' | 'skip';

/** A connection, as the server has it. */
class Session implements Receiver {
    private input: Buffer = NOTHING;
    private isBusy = false;
    /** Until then its thread does nothing. */
    stuckUntilMs = 0;

    constructor(
        private readonly server: ModelServer,
        readonly connection: Connection,
        readonly loop: EventLoop,
        private readonly life: number,
        private readonly random: Random,
    ) {}

    get isAlive(): boolean {
        return this.server.life === this.life && !this.connection.isCut;
    }

    onData(bytes: Buffer): void {
        if (!this.isAlive) return;
        this.input = this.input.length === 0 ? bytes : Buffer.concat([this.input, bytes]);
        if (!this.isBusy) this.work();
    }

    /** It answers what it has been sent before it closes. */
    onEnd(): void {
        if (this.isAlive) this.connection.toClient.finish();
    }

    /** What lies in its kernel is read before it hears of the reset. */
    onReset(): void {}

    private work(): void {
        if (!this.isAlive) return;
        if (this.stuckUntilMs > this.server.nowMs) {
            this.isBusy = true;
            return this.loop.post(this.stuckUntilMs, () => this.work());
        }
        const replies: Buffer[] = [];
        const most = this.random.int(1, MOST_AT_ONCE);
        let at = 0;
        let done = 0;
        for (; done < most; done++) {
            const bytes = frameBytes(this.input, at);
            if (bytes === 0 || this.input.length - at < bytes) break;
            this.server.answer(parseRequest(this.input, at), this.connection.client, replies);
            at += bytes;
        }
        this.input = this.input.subarray(at);
        if (replies.length > 0) this.send(replies);
        this.server.spend(done);
        this.isBusy = done === most;
        if (this.isBusy) this.loop.post(0, () => this.work());
    }

    private send(replies: Buffer[]): void {
        const { toClient } = this.connection;
        const loss = this.server.takeLoss(this.connection.client);
        if (loss === 'fin' || loss === 'reset') return this.connection.cut(loss);
        if (loss === 'silence') toClient.stall(Infinity);
        // That a quiet request was answered cannot be known.
        if (loss === 'skip' && QUIET[replies[0]![1]!] === undefined) replies.shift();
        if (loss === 'repeat') replies.push(replies[0]!);
        toClient.send(Buffer.concat(replies));
    }
}

/** One memcached: its memory, its clock, its connections, and what can happen to it. */
export class ModelServer implements Listener {
    isListening = true;
    /** Rises with every start: sessions belong to one. */
    life = 0;
    readonly history: History;
    private clock!: ServerClock;
    private memory!: Memory;
    private slowness = 1;
    private slowUntilMs = 0;
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
        const session = new Session(this, connection, this.loop, this.life, random);
        this.sessions = [...this.sessions.filter(({ isAlive }) => isAlive), session];
        return session;
    }

    get nowMs(): number {
        return this.world.nowMs;
    }

    /** The thread that serves these connections stands still. */
    stick(client: string, forMs: number): void {
        for (const session of this.sessions) {
            if (session.connection.client === client) session.stuckUntilMs = this.nowMs + forMs;
        }
    }

    /** What the next replies to this process come to. */
    lose(client: string, how: Loss): void {
        this.losses.set(client, how);
    }

    takeLoss(client: string): Loss | null {
        const loss = this.losses.get(client) ?? null;
        this.losses.delete(client);
        return loss;
    }

    /** Its memory is gone; it listens again after a while. The caller cuts its connections. */
    restart(downMs: number): void {
        if (!this.isListening) return;
        this.memory.lose(this.world.nowMs);
        this.isListening = false;
        this.life++;
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

    skipSecond(): void {
        this.clock.skip(this.world.nowMs);
        this.memory.reckonAgain();
    }

    evict(key: string): void {
        this.memory.evict(key, this.world.nowMs);
    }

    /** Everything that the clock has ended by now is in the history. */
    settle(): void {
        this.memory.expire(this.world.nowMs);
    }

    spend(requests: number): void {
        const { nowMs } = this.world;
        const times = nowMs < this.slowUntilMs ? this.slowness : 1;
        this.loop.hold(requests * this.settings.requestMs * times);
    }

    answer(request: Request, process: string, replies: Buffer[]): void {
        const { opcode, key } = request;
        if (opcode === Opcode.STAT) return this.tellStatistics(request, replies);
        if (opcode === Opcode.NOOP || opcode === Opcode.VERSION) {
            const said = opcode === Opcode.VERSION ? Buffer.from('1.6.18') : NOTHING;
            replies.push(encodeReply(request, Status.OK, 0n, -1, '', said));
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

    private tellStatistics(request: Request, replies: Buffer[]): void {
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
    return status === Status.OK ? value : REFUSAL;
}
