import { HashRing } from '../../../src/client/cluster/ketama/HashRing';

/** Which server has a key. Which one it should be is tested elsewhere. */
export class Homes {
    private readonly ring: HashRing;

    constructor(private readonly servers: readonly { readonly host: string; readonly port: number }[]) {
        this.ring = new HashRing(servers.map(one => ({ ...one, weight: 1 })));
    }

    of(key: string): string {
        return this.servers[this.ring.find(key)]!.host;
    }
}
