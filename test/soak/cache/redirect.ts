import net from 'node:net';

/**
 * Leads connections to other ports. All processes know the servers by the same addresses, because an
 * address decides which keys a server has, but each process connects to proxies of its own.
 */
export function redirect(ports: Readonly<Record<number, number>>): void {
    const connect = net.connect as (options: net.TcpNetConnectOpts) => net.Socket;
    const redirected = (options: net.TcpNetConnectOpts): net.Socket =>
        connect({ ...options, port: ports[options.port] ?? options.port });
    net.connect = redirected as typeof net.connect;
}
