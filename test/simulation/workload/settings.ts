import type { Plan, ProtocolMode } from '../schedule/Plan';

/** Login that the servers accept. */
export const LOGIN = { username: 'service', password: 'open-sesame' };

/** Returns the configuration of a component. */
export function settingsOf(
    { client, failSoft, hasLogin, lists }: Plan,
    servers: readonly string[],
    protocol: ProtocolMode,
): Record<string, string | number> {
    const settings: Record<string, string | number> = {
        'options.pool_size': client.poolSize,
        'options.retries': client.retries,
        'options.max_pending': client.maxPending,
        'options.request_timeout': client.requestTimeoutMs,
        'options.connect_timeout': client.connectTimeoutMs,
        'options.reconnect': client.reconnectMs,
        'options.failures': client.failures,
        'options.retry': client.retryMs,
        'options.idle': client.idleMs,
        'options.fail_soft': String(failSoft),
        'options.protocol': protocol,
        'options.remove': String(lists.failover),
    };
    if (hasLogin) {
        settings['credential.username'] = LOGIN.username;
        settings['credential.password'] = LOGIN.password;
    }
    if (lists.discoveryMs > 0)
        return {
            ...settings,
            'connection.discovery_key': 'servers',
            'options.discovery_interval': lists.discoveryMs,
        };
    servers.forEach((host, i) => (settings[`connections.${i}.host`] = host));
    return settings;
}
