import type { DnsServer } from '../../support/server/DnsServer';
import type { MemcachedProcess } from '../../support/server/MemcachedProcess';
import type { Opener } from '../../support/Opener';

export const SERVICE = 'cache.ns.svc.cluster.local';
export const URI = `memcached+srv://${SERVICE}`;

/** The same in each run, because the place of a pod on the ring depends on it. */
const PORT = 11411;

let lastAddress = 1;
/** Linux accepts connections to all of 127.0.0.0/8. So each pod can have an address of its own. */
const newAddress = (): string => `127.0.7.${++lastAddress}`;

/** The pods of a StatefulSet: memcacheds with lasting names and changing addresses. */
export class Pods {
    private readonly pods: MemcachedProcess[] = [];

    constructor(
        private readonly dns: DnsServer,
        private readonly open: Opener,
    ) {}

    /** Starts pods up to this number, and lists them in DNS. */
    async scaleUp(count: number): Promise<void> {
        while (this.pods.length < count) {
            this.pods.push(await this.open.server({ host: newAddress(), port: PORT }));
            this.publish(this.pods.length - 1);
        }
        this.list(count);
    }

    /** Takes the last pods out of DNS. They still run. */
    list(count: number): void {
        const targets = this.pods.slice(0, count).map((_, i) => this.address(i));
        this.dns.setSrv(SERVICE, ...targets);
    }

    /** Lists only the other pods. */
    unlist(index: number): void {
        const targets = this.pods.map((_, i) => this.address(i));
        this.dns.setSrv(SERVICE, ...targets.filter((_, i) => i !== index));
    }

    async kill(index: number): Promise<void> {
        await this.pods[index]!.kill();
    }

    /** Starts a killed pod again, empty, and under another address. */
    async replace(index: number): Promise<void> {
        this.pods[index] = await this.open.server({ host: newAddress(), port: PORT });
        this.publish(index);
    }

    /** Returns the name of a pod in the client's statistics. */
    address(index: number): string {
        return `pod-${index}.${SERVICE}:${PORT}`;
    }

    private publish(index: number): void {
        this.dns.set('A', `pod-${index}.${SERVICE}`, this.pods[index]!.host);
    }
}
