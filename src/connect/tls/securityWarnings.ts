import { BlockList, isIPv6 } from 'node:net';
import { formatAddress, type ServerAddress } from '../../client/model/ServerAddress';
import { line, type LogLine } from '../../component/logLines';
import type { TlsSettings } from './TlsSettings';

const LOCAL = new BlockList();
LOCAL.addSubnet('127.0.0.0', 8, 'ipv4');
LOCAL.addAddress('::1', 'ipv6');

/** What an operator should know of how the servers are spoken to, one sentence each; none when there is nothing to say. */
export function securityWarnings(servers: readonly ServerAddress[], tls: TlsSettings): LogLine<'warn'>[] {
    const secure = servers.filter(server => server.tls !== undefined);
    const exposed = servers.filter(server => server.login && !server.tls && !isLocal(server));
    const risks: LogLine<'warn'>[] = [];
    if (exposed.length > 0) {
        risks.push(line('passwordExposed', list(exposed)));
    }
    if (!tls.isVerified && secure.length > 0) {
        risks.push(line('unverified', list(secure)));
    }
    if (tls.given.length > 0 && secure.length === 0) {
        risks.push(line('tlsUnused', tls.given.map(key => `credential.${key}`).join(', ')));
    }
    return risks;
}

/** Of names only `localhost` is: where any other leads is not ours to know. */
function isLocal({ host, path }: ServerAddress): boolean {
    if (path !== undefined || host.toLowerCase() === 'localhost') return true;
    return LOCAL.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

function list(servers: readonly ServerAddress[]): string {
    return servers.map(formatAddress).join(', ');
}
