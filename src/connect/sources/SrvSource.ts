import { invalidConnection, noConnection } from '../../component/errors';
import type { Access } from '../discovery/Access';
import { KeepMissing, type ChangeRule } from '../discovery/changeRules';
import type { ServerSource, SourceAnswer } from '../discovery/ServerSource';
import { queryDns } from './DnsQuery';
import { isHostName } from './hostNames';
import type { ServerSettings } from './ServerSettings';

/** The service name that IANA has registered for memcached. */
const SERVICE = '_memcache._tcp';

/**
 * The targets of SRV records, by name. A name outlives the address of its server, so a server that
 * returns under another address keeps its keys. Priorities and weights are ignored. Kubernetes
 * changes the weights of all records when a server is added.
 */
export class SrvSource implements ServerSource {
    readonly defaultIntervalMs = 30_000;
    private readonly query: string;

    /** @param host the service, or the full name of its records, which begins with `_` */
    constructor(
        readonly id: string,
        readonly name: string,
        private readonly host: string,
        private readonly server: ServerSettings,
    ) {
        this.query = host.startsWith('_') ? host : `${SERVICE}.${host}`;
    }

    createRule(): ChangeRule {
        return new KeepMissing();
    }

    async lookUp(_access: Access, signal: AbortSignal): Promise<SourceAnswer> {
        const { query } = this;
        const ports = new Map<string, number>();
        for (const { name, port } of await queryDns('SRV', query, signal)) {
            const host = name.toLowerCase().replace(/\.$/, '');
            // The target "." says that the service is not available.
            if (host === '') continue;
            if (!isHostName(host) || port === 0) throw this.malformed('a name and a port as the target');
            if ((ports.get(host) ?? port) !== port) throw this.severalPorts(host, ports.get(host)!, port);
            ports.set(host, port);
        }
        if (ports.size === 0) throw noConnection(`the SRV records of ${query} have no target`);
        return { servers: [...ports].map(([host, port]) => ({ ...this.server, host, port })) };
    }

    private severalPorts(target: string, one: number, other: number): Error {
        const hint = `memcached+srv://_port._tcp.${this.host.replace(/^(_[^.]+\.)+/, '')}`;
        return this.malformed(`one port of ${target}, not ${one} and ${other} (name the port: ${hint})`);
    }

    private malformed(expected: string): Error {
        return invalidConnection(`SRV records of ${this.query}`, expected);
    }
}
