import type { ModelServer } from '../memcached/ModelServer';
import type { Network } from '../network/Network';
import type { SimProcess } from '../workload/SimProcess';
import type { Fault } from './Plan';

/** Targets of the faults. */
export interface Stage {
    readonly network: Network;
    readonly servers: readonly ModelServer[];
    readonly processes: readonly SimProcess[];
}

/** Injects a fault now. */
export function inject(fault: Fault, { network, servers, processes }: Stage): void {
    switch (fault.kind) {
        case 'restart': {
            const server = servers[fault.server]!;
            server.restart(fault.downMs, fault.becomes);
            for (const { name } of processes) network.cut(name, server.name, fault.how);
            return;
        }
        case 'suspend':
            return servers[fault.server]!.suspend(fault.forMs);
        case 'slow':
            return servers[fault.server]!.slowDown(fault.times, fault.forMs);
        case 'full':
            return servers[fault.server]!.fill(fault.forMs);
        case 'refuse':
            return servers[fault.server]!.refuseLogins(fault.forMs);
        case 'skip':
            return servers[fault.server]!.skipSecond();
        case 'evict':
            return servers[fault.server]!.evict(fault.key);
        case 'stall':
        case 'vanish': {
            const { name } = processes[fault.process]!;
            const forMs = fault.kind === 'stall' ? fault.forMs : Infinity;
            return network.stall(name, servers[fault.server]!.name, forMs, fault.direction);
        }
        case 'stick':
            return servers[fault.server]!.stick(processes[fault.process]!.name, fault.forMs);
        case 'interrupt':
            return servers[fault.server]!.interrupt(processes[fault.process]!.name, fault.forMs);
        case 'lose':
            return servers[fault.server]!.lose(processes[fault.process]!.name, fault.how);
        case 'cut':
            return network.cut(processes[fault.process]!.name, servers[fault.server]!.name, fault.how);
        case 'hold':
            return processes[fault.process]!.loop.hold(fault.forMs);
        case 'kill':
            processes[fault.process]!.loop.kill();
            return network.drop(processes[fault.process]!.name);
        case 'clock':
            processes[fault.process]!.clockOffsetMs += fault.byMs;
            return;
        case 'list':
            return processes[fault.process]!.follow(fault.members);
        case 'discovery':
            return processes[fault.process]!.disturbDiscovery(fault.how, fault.forMs);
    }
}
