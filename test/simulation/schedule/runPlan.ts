import { findViolations } from '../checks/findViolations';
import { ModelServer } from '../memcached/ModelServer';
import { Network } from '../network/Network';
import { CacheComponent } from '../workload/CacheComponent';
import { ClientComponent } from '../workload/ClientComponent';
import { LockComponent } from '../workload/LockComponent';
import { Service } from '../workload/Service';
import { SimProcess, type Component } from '../workload/SimProcess';
import { Random } from '../world/Random';
import { World } from '../world/World';
import { installGlobals } from '../world/virtualGlobals';
import { inject, type Stage } from './faults';
import { Ledger } from './Ledger';
import type { Plan } from './Plan';

const PARTS = { client: ClientComponent, cache: CacheComponent, lock: LockComponent };

/** Virtual time by which every schedule has ended. */
const MAX_MS = 30 * 60_000;
const MAX_STEPS = 500_000;

export interface Outcome {
    readonly violations: readonly string[];
    readonly steps: number;
    readonly calls: number;
}

/** Input of the checks. */
export interface Run extends Stage {
    readonly service: Service;
    readonly world: World;
    readonly ledger: Ledger;
    readonly components: ReadonlyMap<SimProcess, readonly Component[]>;
    /** Uncaught exceptions and unhandled rejections. */
    readonly errors: readonly Error[];
}

/**
 * Plays a schedule until no event is left.
 * @param log receives the lines of the trace
 */
export async function runPlan(plan: Plan, log: ((line: string) => void) | null = null): Promise<Outcome> {
    const random = new Random(plan.seed, 'run');
    const world = new World(random.of('world'));
    if (log !== null) world.log = line => log(`${world.nowMs.toFixed(3).padStart(12)}  ${line}`);
    const network = new Network(world, random.of('network'), ({ next: _ }) => plan);
    const servers = Array.from({ length: plan.servers }, (_, i) => newServer(plan, i, world, network, random));
    const ledger = new Ledger();
    const processes = Array.from({ length: plan.processes }, (_, i) => {
        const name = `p${i + 1}`;
        return new SimProcess(name, world.newLoop(name), random.of(name), plan.protocols[i]!, world, network, ledger);
    });
    const service = new Service(
        plan,
        servers.map(({ name }) => name),
    );
    const stage = { network, servers, processes };
    const components = new Map<SimProcess, readonly Component[]>();
    const errors: Error[] = [];
    const onError = (error: unknown): void => void errors.push(error as Error);
    const machines = new Map(processes.map(process => [process.loop, process]));
    const restore = installGlobals(world, loop => machines.get(loop)!);
    process.on('unhandledRejection', onError).on('uncaughtException', onError);
    try {
        for (const [i, one] of processes.entries()) {
            const make = (): readonly Component[] => {
                const made = plan.parts.map(part => new PARTS[part](one, service));
                components.set(one, made);
                return made;
            };
            one.start(
                service,
                make,
                plan.tasks.filter(task => task.process === i),
            );
        }
        const faultLoop = world.newLoop('faults');
        for (const fault of plan.faults) {
            faultLoop.post(world.nowMs + fault.atMs, () => {
                world.log?.(`fault ${JSON.stringify(fault)}`);
                inject(fault, stage);
            });
        }
        await world.run(MAX_MS, MAX_STEPS);
    } catch (error) {
        errors.push(error as Error);
    } finally {
        process.off('unhandledRejection', onError).off('uncaughtException', onError);
        restore();
    }
    for (const server of servers) server.settle();
    const violations = findViolations({ service, world, ledger, components, errors, ...stage });
    return { violations, steps: world.steps, calls: ledger.entries.length };
}

function newServer(plan: Plan, index: number, world: World, network: Network, random: Random): ModelServer {
    const name = `s${index + 1}`;
    const server = new ModelServer(name, world, world.newLoop(name), plan, random.of(name), plan.variants[index]);
    network.listen(server);
    return server;
}
