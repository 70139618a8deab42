import type { MemcachedProcess } from '../../support/server/MemcachedProcess';
import type { Opener } from '../../support/Opener';

export const SERVICE = 'cache.ns.svc.cluster.local';
export const URI = `memcached+srv://${SERVICE}`;

/** A DNS server that lists the pods. */
export interface Zone {
    set(type: 'A', name: string, address: string): void;
    setSrv(service: string, ...targets: string[]): void;
    /** Makes the server use the records, if it does not do so at once. */
    apply?(): Promise<void>;
}

/** The same in each run, because the place of a pod on the ring depends on it. */
const PORT = 11411;

let lastAddress = 1;

/**
 * Returns an address for a pod, which no other process uses. Linux accepts connections to all of
 * 127.0.0.0/8.
 */
function newAddress(): string {
    const { pid } = process;
    return `127.${16 + ((pid >> 8) % 200)}.${pid % 256}.${++lastAddress}`;
}

/** The pods of a StatefulSet: memcacheds with lasting names and changing addresses. */
export class Pods {
    private readonly pods: MemcachedProcess[] = [];

    constructor(
        private readonly zone: Zone,
        private readonly open: Opener,
    ) {}

    /** Starts pods up to this number, and lists them in DNS. */
    async scaleUp(count: number): Promise<void> {
        while (this.pods.length < count) {
            this.pods.push(await this.open.server({ host: newAddress(), port: PORT }));
            this.publish(this.pods.length - 1);
        }
        await this.list(count);
    }

    /** Takes the last pods out of DNS. They still run. */
    async list(count: number): Promise<void> {
        const targets = this.pods.slice(0, count).map((_, i) => this.address(i));
        this.zone.setSrv(SERVICE, ...targets);
        await this.zone.apply?.();
    }

    /** Lists only the other pods. */
    async unlist(index: number): Promise<void> {
        const targets = this.pods.map((_, i) => this.address(i));
        this.zone.setSrv(SERVICE, ...targets.filter((_, i) => i !== index));
        await this.zone.apply?.();
    }

    async kill(index: number): Promise<void> {
        await this.pods[index]!.kill();
    }

    /** Starts a killed pod again, empty, and under another address. */
    async replace(index: number): Promise<void> {
        this.pods[index] = await this.open.server({ host: newAddress(), port: PORT });
        this.publish(index);
        await this.zone.apply?.();
    }

    /** Returns the name of a pod in the client's statistics. */
    address(index: number): string {
        return `pod-${index}.${SERVICE}:${PORT}`;
    }

    private publish(index: number): void {
        this.zone.set('A', `pod-${index}.${SERVICE}`, this.pods[index]!.host);
    }
}
