import { BlockList, isIPv6 } from 'node:net';
import { formatAddress, type ServerAddress } from '../../client/model/ServerAddress';
import { line, type LogLine } from '../../component/logLines';
import type { TlsSettings } from './TlsSettings';

const LOCAL = new BlockList();
LOCAL.addSubnet('127.0.0.0', 8, 'ipv4');
LOCAL.addAddress('::1', 'ipv6');

/** Returns a line for each risk in how the client connects to the servers. */
export function securityWarnings(servers: readonly ServerAddress[], tls: TlsSettings): LogLine<'warn'>[] {
    const secure = servers.filter(server => server.tls !== undefined);
    const exposed = servers.filter(server => server.login && !server.tls && !isLocal(server));
    const warnings: LogLine<'warn'>[] = [];
    if (exposed.length > 0) warnings.push(line('passwordExposed', list(exposed)));
    if (!tls.isVerified && secure.length > 0) warnings.push(line('unverified', list(secure)));
    if (tls.keys.length > 0 && secure.length === 0) {
        warnings.push(line('tlsUnused', tls.keys.map(key => `credential.${key}`).join(', ')));
    }
    return warnings;
}

/** Any name but `localhost` may lead to another machine. */
function isLocal({ host, path }: ServerAddress): boolean {
    if (path !== undefined || host.toLowerCase() === 'localhost') return true;
    return LOCAL.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

function list(servers: readonly ServerAddress[]): string {
    return servers.map(formatAddress).join(', ');
}
