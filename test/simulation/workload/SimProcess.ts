import type { NetConnectOpts, Socket } from 'node:net';
import type { RingServer } from '../../../src/client/cluster/ketama/HashRing';
import { EPOCH_MS } from '../memcached/ServerClock';
import type { Network } from '../network/Network';
import type { Entry, Ledger } from '../schedule/Ledger';
import type { Member, ProtocolMode, Step, Task, Trouble } from '../schedule/Plan';
import type { EventLoop } from '../world/EventLoop';
import type { Random } from '../world/Random';
import type { Machine } from '../world/virtualGlobals';
import type { World } from '../world/World';
import type { Discovery } from './Discovery';
import { Meter } from './Meter';
import { userOf } from './ServerLists';
import type { Service } from './Service';
import { watchDeparture } from './watchDeparture';

/** Part of the package with one instance per process. */
export interface Component {
    readonly name: string;
    /** Prefix of its keys in memcached. */
    readonly prefix: string;
    /** Discovery of the component, or null with a fixed list. */
    readonly discovery: Discovery | null;
    /** Applies another server list. */
    follow(servers: readonly RingServer[]): void;
    /**
     * Returns the function that calls the verb, or undefined. Every component has the verbs `open
     * <name>` and `close <name>`.
     */
    verb(name: string): ((step: Step, entry: Entry) => Promise<unknown>) | undefined;
}

/** Process of the service, with an event loop, a clock and components. */
export class SimProcess implements Machine {
    clockOffsetMs = EPOCH_MS;
    readonly bytes: Random;
    /** Whether all tasks have ended and all components have closed. */
    isDone = false;
    /** Sockets and timers that are still open after the components have closed. */
    leftovers = { sockets: 0, timers: 0 };
    private components: readonly Component[] = [];
    private service!: Service;
    /** Pending calls. */
    private readonly pending = new Set<Entry>();
    /** Number of running timers of the workload itself. */
    private pauses = 0;

    constructor(
        readonly name: string,
        readonly loop: EventLoop,
        readonly random: Random,
        /** Value of `options.protocol`. */
        readonly protocol: ProtocolMode,
        private readonly world: World,
        private readonly network: Network,
        private readonly ledger: Ledger,
    ) {
        this.bytes = random.of('bytes');
    }

    connect(options: NetConnectOpts): Socket {
        return this.network.connect(this.loop, options);
    }

    /** Verbs of the pending calls. */
    get pendingVerbs(): string[] {
        return [...this.pending].map(({ step }) => step.verb);
    }

    socketsTo(server: string): number {
        return this.network.socketsOf(this.name, server);
    }

    /** Runs the process from its first callback on. */
    start(service: Service, make: () => readonly Component[], tasks: readonly Task[]): void {
        this.service = service;
        this.loop.post(this.world.nowMs, () => {
            this.components = make();
            void this.live(tasks);
        });
    }

    /** Gives the components another server list, as the next event of the process. */
    follow(members: readonly Member[]): void {
        const servers = this.service.toServers(members);
        this.later(component => component.follow(servers));
    }

    disturbDiscovery(how: Trouble, forMs: number): void {
        const untilMs = this.world.nowMs + forMs;
        this.later(({ discovery }) => discovery?.disturbDiscovery(how, untilMs));
    }

    /** Records that a component uses these servers from now on. */
    recordServers(user: string, servers: readonly RingServer[]): void {
        const { lists } = this.service;
        const before = lists.last(user);
        lists.use(user, servers, this.world.nowMs);
        for (const { host } of before)
            if (!servers.some(one => one.host === host)) watchDeparture(this, this.service, host);
    }

    trace(line: string): void {
        this.world.log?.(`${this.name} ${line}`);
    }

    private later(work: (component: Component) => void): void {
        this.loop.post(this.world.nowMs, () => this.components.forEach(work));
    }

    private async live(tasks: readonly Task[]): Promise<void> {
        const all = (verb: string): Promise<unknown> =>
            Promise.all(this.components.map(({ name }) => this.perform(plainStep(`${verb} ${name}`))));
        await all('open');
        await Promise.all(tasks.map(task => this.work(task)));
        await all('recover');
        await all('close');
        this.leftovers = { sockets: this.network.socketsOf(this.name), timers: this.loop.timerCount - this.pauses };
        this.isDone = true;
    }

    private async work({ steps }: Task): Promise<void> {
        const running: Promise<void>[] = [];
        for (const step of steps) {
            if (step.pauseMs > 0) await this.pause(step.pauseMs);
            const done = this.perform(step);
            if (step.isAwaited) await done;
            else running.push(done);
        }
        await Promise.all(running);
    }

    async pause(ms: number): Promise<void> {
        this.pauses++;
        await new Promise<void>(resolve => this.loop.setTimer(resolve, ms));
        this.pauses--;
    }

    private async perform(step: Step): Promise<void> {
        const { world, loop, ledger, clockOffsetMs } = this;
        const entry = ledger.begin(step, this.name, world.nowMs, loop.heldMs);
        this.pending.add(entry);
        world.log?.(`${this.name} #${step.id} ${step.verb} ${step.keys.join(' ')}`);
        const component = this.components.find(one => one.verb(step.verb) !== undefined);
        component?.discovery?.recordServers();
        try {
            if (component === undefined) throw new Error(`unknown verb ${step.verb}`);
            entry.user = userOf(this.name, component.name);
            entry.fullKeys = step.keys.map(key => component.prefix + key);
            entry.result = await Meter.during(entry, () => component.verb(step.verb)!(step, entry));
        } catch (error) {
            entry.error = error as Error;
        }
        component?.discovery?.recordServers();
        this.pending.delete(entry);
        entry.endMs = world.nowMs;
        entry.countsAtEnd = new Map(entry.counts);
        entry.notes.set('clock', Math.min(clockOffsetMs, this.clockOffsetMs));
        entry.heldAfterMs = loop.heldMs;
        world.log?.(`${this.name} #${step.id} ${step.verb} → ${describeOutcome(entry)}`);
    }
}

/** Makes a step outside the plan. */
function plainStep(verb: string): Step {
    return { id: 0, pauseMs: 0, isAwaited: true, verb, keys: [], bytes: 0, times: [], amount: 0 };
}

function describeOutcome({ result, error }: Entry): string {
    if (error !== null) return `${(error as { code?: string }).code ?? error.name}: ${error.message}`;
    return format(result);
}

function format(value: unknown): string {
    if (typeof value === 'bigint') return `${value}`;
    if (Buffer.isBuffer(value)) return format(value.toString('latin1'));
    if (value instanceof Map) return `{${[...value].map(([key, one]) => `${key}: ${format(one)}`).join(', ')}}`;
    if (value instanceof Error) return String((value as { code?: string }).code ?? value.message);
    if (Array.isArray(value)) return `[${value.map(format).join(', ')}]`;
    if (typeof value === 'object' && value !== null) {
        const own = Object.entries(value).filter(([, one]) => typeof one !== 'function');
        return `{${own.map(([key, one]) => `${key}: ${format(one)}`).join(', ')}}`;
    }
    const text = String(value);
    return text.length > 60 ? `${text.slice(0, 20)}…(${text.length})` : text;
}
