import type { Connection, Listener } from '../network/Network';
import type { Receiver } from '../network/Pipe';
import type { EventLoop } from '../world/EventLoop';
import type { Random } from '../world/Random';
import type { World } from '../world/World';
import { LOGIN } from '../workload/settings';
import type { Command, Verb } from './Command';
import { PLAIN, type BackEnd } from './protocols/FrontEnd';
import { History, TOKEN_KEY, type StoredItem } from './History';
import { Memory, type Answer } from './Memory';
import { ServerClock } from './ServerClock';
import { Session } from './Session';

export interface ServerSettings {
    readonly hasCas: boolean;
    readonly hasLogin: boolean;
    /** Duration of one request, in ms. */
    readonly requestMs: number;
}

/**
 * Ways to lose a reply. `fin` and `reset` end the connection, and `silence` stalls it. With
 * `repeat` a defective server sends a reply twice, so later replies answer the wrong requests. No
 * fault drops a reply and sends later ones, because neither TCP nor memcached does so.
 */
export type Loss = 'fin' | 'reset' | 'silence' | 'repeat';

/** Model of one memcached: memory, clock, connections and faults. */
export class ModelServer implements Listener, BackEnd {
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
    private readonly interrupts = new Map<string, number>();
    private lastVerb: Verb = 'get';

    constructor(
        readonly name: string,
        private readonly world: World,
        private readonly loop: EventLoop,
        private readonly settings: ServerSettings,
        private readonly random: Random,
        public variant = PLAIN,
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

    get hasLogin(): boolean {
        return this.settings.hasLogin;
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

    /** Blocks the next connection of a client between a store and the requests behind it. */
    interrupt(client: string, forMs: number): void {
        this.interrupts.set(client, forMs);
    }

    /** Returns for how long a connection of the client pauses now. */
    takeInterrupt(client: string): number {
        const forMs = this.lastVerb === 'cas' || this.lastVerb === 'add' ? (this.interrupts.get(client) ?? 0) : 0;
        if (forMs > 0) this.interrupts.delete(client);
        return forMs;
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

    /**
     * Clears the memory and listens again after the downtime, as another build if given. The caller
     * ends the connections.
     */
    restart(downMs: number, becomes = this.variant): void {
        if (!this.isListening) return;
        this.memory.lose(this.world.nowMs);
        this.isListening = false;
        this.epoch++;
        this.variant = becomes;
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

    isLogin(username: string, password: string): boolean {
        const isRight = username === LOGIN.username && password === LOGIN.password;
        return isRight && this.nowMs >= this.refusesUntilMs;
    }

    statistics(group: string): readonly (readonly [name: string, value: string])[] | null {
        const { speaks, version } = this.variant;
        switch (group) {
            case '':
                return [
                    ['version', version],
                    ['evictions', '0'],
                ];
            case 'settings':
                return [
                    ['maxconns', '1024'],
                    ['cas_enabled', this.settings.hasCas ? 'yes' : 'no'],
                ];
            case 'proxy':
                if (speaks === 'proxy') return [['cmd_mg', '0']];
                return version === '1.6.45' ? [] : null;
            default:
                return null;
        }
    }

    flush(): void {
        this.memory.flush(this.nowMs);
    }

    execute(command: Command, client: string): Answer {
        const { nowMs } = this;
        this.lastVerb = command.verb;
        this.memory.expire(nowMs);
        const before = this.memory.get(command.key);
        const answer = this.memory.execute(command, nowMs);
        this.record(command, client, before, answer);
        return answer;
    }

    private record(command: Command, process: string, before: StoredItem | null, { status }: Answer): void {
        const { verb, key, value, delta, cas, expiry } = command;
        const isCounter = verb === 'increment' || verb === 'decrement';
        const { log } = this.world;
        if (log !== null) log(`    ${this.name} ${process} ${verb} ${key} ${cas || ''} → ${status}`);
        this.history.executions.push({
            atMs: this.world.nowMs,
            server: this.name,
            process,
            verb,
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
