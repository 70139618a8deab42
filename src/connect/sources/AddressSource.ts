import type { Access } from '../discovery/Access';
import { KeepMissing, type ChangeRule } from '../discovery/changeRules';
import type { ServerSource, SourceAnswer } from '../discovery/ServerSource';
import { queryDns } from './DnsQuery';
import type { ServerSettings } from './ServerSettings';

/**
 * The addresses of a name, each of which is a server. IPv6 counts only without IPv4. A server has
 * one place among the keys, although it may have an address of each family.
 */
export class AddressSource implements ServerSource {
    readonly defaultIntervalMs = 30_000;

    constructor(
        readonly id: string,
        readonly name: string,
        private readonly host: string,
        private readonly port: number,
        private readonly server: ServerSettings,
    ) {}

    createRule(): ChangeRule {
        return new KeepMissing();
    }

    async lookUp(_access: Access, signal: AbortSignal): Promise<SourceAnswer> {
        const addresses = await this.addresses(signal);
        return { servers: addresses.map(host => ({ ...this.server, host, port: this.port })) };
    }

    private async addresses(signal: AbortSignal): Promise<string[]> {
        try {
            return await queryDns('A', this.host, signal);
        } catch (error) {
            if ((error as { code?: string }).code !== 'NO_CONNECTION') throw error;
            return queryDns('AAAA', this.host, signal);
        }
    }
}
