import net from 'node:net';

/**
 * Redirects connections to other ports. All processes know the servers by the same addresses,
 * because an address decides the keys of a server. But each process connects to its own proxies.
 */
export function redirect(ports: Readonly<Record<number, number>>): void {
    const connect = net.connect as (options: net.TcpNetConnectOpts) => net.Socket;
    const redirected = (options: net.TcpNetConnectOpts): net.Socket =>
        connect({ ...options, port: ports[options.port] ?? options.port });
    net.connect = redirected as typeof net.connect;
}
