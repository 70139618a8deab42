import { BlockList, isIPv6 } from 'node:net';
import type { CredentialParams } from 'pip-services4-config-node';
import { withoutPlace } from '../client/cluster/ketama/HashRing';
import { formatAddress, type ServerAddress } from '../client/model/ServerAddress';
import { line, type LogLine } from '../component/logLines';
import type { TlsSettings } from './tls/TlsSettings';

const LOCAL = new BlockList();
LOCAL.addSubnet('127.0.0.0', 8, 'ipv4');
LOCAL.addAddress('::1', 'ipv6');

/** The configuration endpoint of an ElastiCache cluster, which is an alias of one of its servers. */
const CLUSTER_ENDPOINT = /\.cfg\.(?:[a-z0-9-]+\.)*cache\.amazonaws\.com(?:\.cn)?\.?$/i;

/** Returns a line for each part of a valid configuration that is a risk or a probable mistake. */
export function configWarnings(
    servers: readonly ServerAddress[],
    credential: CredentialParams,
    tls: TlsSettings,
): LogLine<'warn'>[] {
    const warnings: LogLine<'warn'>[] = [];
    const secure = servers.filter(server => server.tls !== undefined);
    const exposed = servers.filter(server => server.login && !server.tls && !isLocal(server));
    if (exposed.length > 0) warnings.push(line('passwordExposed', list(exposed)));
    if (!tls.isVerified && secure.length > 0) warnings.push(line('unverified', list(secure)));
    if (tls.keys.length > 0 && secure.length === 0) {
        warnings.push(line('tlsUnused', tls.keys.map(key => `credential.${key}`).join(', ')));
    }
    const keys = credential.getKeys();
    const isEmpty = ['username', 'password'].some(key => keys.includes(key)) && !credential.getUsername();
    if (isEmpty && servers.some(({ login }) => login === undefined)) warnings.push(line('loginEmpty'));
    const endpoints = servers.filter(({ host }) => CLUSTER_ENDPOINT.test(host));
    if (endpoints.length > 0) warnings.push(line('clusterName', list(endpoints)));
    const idle = withoutPlace(servers.map(({ host, port, weight = 1 }) => ({ host, port, weight })));
    if (idle.length > 0) warnings.push(line('serverWithoutKeys', list(idle.map(index => servers[index]!))));
    return warnings;
}

/** Returns whether the server is local. Any name but `localhost` may lead to another machine. */
function isLocal({ host, path }: ServerAddress): boolean {
    if (path !== undefined || host.toLowerCase() === 'localhost') return true;
    return LOCAL.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

function list(servers: readonly ServerAddress[]): string {
    return servers.map(formatAddress).join(', ');
}
