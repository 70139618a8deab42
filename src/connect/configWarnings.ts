import type { CredentialParams } from 'pip-services4-config-node';
import { withoutPlace } from '../client/cluster/ketama/HashRing';
import { formatAddress, type ServerAddress } from '../client/model/ServerAddress';
import { line, type LogLine } from '../component/logLines';

/** Returns a line for each part of a valid configuration that is probably a mistake. */
export function configWarnings(servers: readonly ServerAddress[], credential: CredentialParams): LogLine<'warn'>[] {
    const warnings: LogLine<'warn'>[] = [];
    const keys = credential.getKeys();
    const isEmpty = ['username', 'password'].some(key => keys.includes(key)) && !credential.getUsername();
    if (isEmpty && servers.some(({ login }) => login === undefined)) warnings.push(line('loginEmpty'));
    const idle = withoutPlace(servers.map(({ host, port, weight = 1 }) => ({ host, port, weight })));
    if (idle.length > 0) {
        const addresses = idle.map(index => formatAddress(servers[index]!)).join(', ');
        warnings.push(line('serverWithoutKeys', addresses));
    }
    return warnings;
}
