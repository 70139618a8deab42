import type { ServerAddress } from '../../../src/client/model/ServerAddress';
import type { Plan } from '../schedule/Plan';
import { DataSource } from './DataSource';
import { Homes } from './Homes';
import { LeaseBook } from './LeaseBook';
import { LOGIN } from './settings';

/** What the processes of a schedule have in common, and what its checks ask afterwards. */
export class Service {
    readonly source = new DataSource();
    readonly book = new LeaseBook();
    readonly homes: Homes;
    readonly addresses: readonly ServerAddress[];

    constructor(
        readonly plan: Plan,
        readonly servers: readonly string[],
    ) {
        this.addresses = servers.map(host => ({ host, port: 11211, login: plan.hasLogin ? LOGIN : undefined }));
        this.homes = new Homes(this.addresses);
    }

    /** A key of each server. */
    probeKeys(prefix: string): string[] {
        return this.servers.map(server => {
            for (let i = 0; ; i++) if (this.homes.of(`${prefix}r${i}`) === server) return `r${i}`;
        });
    }

    /** When the last fault is over. */
    get quietMs(): number {
        return Math.max(0, ...this.plan.faults.map(fault => fault.atMs + lastsMs(fault)));
    }
}

function lastsMs(fault: Plan['faults'][number]): number {
    if (fault.kind === 'restart') return fault.downMs;
    return 'forMs' in fault ? fault.forMs : 0;
}
