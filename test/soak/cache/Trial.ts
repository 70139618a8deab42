import type { Opener } from '../../support/Opener';
import { randomOf } from '../../support/random';
import { sleep } from '../../support/sleep';
import { Disasters } from '../model/Disasters';
import { FaultSource } from '../proxy/FaultSource';
import { IN_ORDER, StallingProxy } from '../proxy/StallingProxy';
import { Chronicle } from './Chronicle';
import { nowMs } from './events';
import { LONGEST_PAUSE_MS, LONGEST_STALL_MS, TIMEOUT_MS, type Plan } from './plan';
import { Workers } from './Workers';

const SERVERS = 3;
const PROCESSES = 4;

/**
 * Runs servers, processes that use them, and faults. Each process has its own proxy before each
 * server, so that a fault can separate one process from one server.
 */
export class Trial {
    readonly chronicle: Chronicle;
    readonly workers: Workers;
    faults!: FaultSource;
    disasters!: Disasters;
    private proxies: StallingProxy[] = [];
    private readonly random: () => number;

    /** @param opener ends servers, proxies and processes after the test */
    constructor(
        private readonly opener: Opener,
        private readonly settings: Pick<Plan, 'round' | 'maxSize' | 'clears'>,
    ) {
        this.chronicle = new Chronicle(settings.clears);
        this.random = randomOf(`cache disasters, round ${settings.round}`);
        this.workers = new Workers(this.chronicle, () => void this.tearSome());
    }

    async run(ms: number): Promise<void> {
        const { opener, settings, workers, chronicle, random } = this;
        const servers = await Promise.all(
            Array.from({ length: SERVERS }, () => opener.server({ args: IN_ORDER, memoryMegabytes: 256 })),
        );
        const proxiesOf = (): Promise<StallingProxy[]> =>
            Promise.all(servers.map(server => opener.ending(StallingProxy.start(server, 'network'))));
        const proxies = await Promise.all(Array.from({ length: PROCESSES }, proxiesOf));
        this.proxies = proxies.flat();
        opener.atEnd(() => workers.kill());
        const plan = { ...settings, servers: servers.map(({ port }) => port), beganMs: nowMs() };
        const routes = proxies.map(own =>
            Object.fromEntries(servers.map(({ port }, i) => [port, own[i]!.port] as const)),
        );
        await workers.start(plan, routes);

        const onRestart = (server: number): (() => void) => {
            const began = nowMs();
            return () => chronicle.add([{ what: 'lost', server, began, ended: nowMs() }]);
        };
        const partition = async (): Promise<void> => {
            const own = proxies[Math.floor(random() * PROCESSES)]!;
            own[Math.floor(random() * SERVERS)]!.stall(random() * LONGEST_STALL_MS);
        };
        const pause = (): Promise<void> => workers.pause(Math.floor(random() * PROCESSES), random() * LONGEST_PAUSE_MS);
        this.faults = new FaultSource(this.proxies, TIMEOUT_MS, randomOf(`cache faults, round ${settings.round}`));
        this.disasters = new Disasters(servers, { partitions: partition, pauses: pause }, onRestart, random);
        const end = performance.now() + ms;
        const isOver = (): boolean => performance.now() >= end;
        await Promise.all([this.faults.run(isOver), this.disasters.run(isOver)]);
        await workers.stop();
    }
    /** Breaks connections just after a clear, in the middle of replies to earlier calls. */
    private async tearSome(): Promise<void> {
        await sleep(this.random() * 6);
        for (const path of this.proxies.flatMap(proxy => proxy.healthy())) {
            if (this.random() < 0.3) path.tear('reply', 'fin', this.random());
        }
    }
}
