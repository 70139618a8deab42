import net from 'node:net';

/**
 * Connections to these ports go to other ports. All processes have to know the servers by the same
 * addresses, because those place the keys, and each reaches them through proxies of its own.
 */
export function redirect(ports: Readonly<Record<number, number>>): void {
    const connect = net.connect as (options: net.TcpNetConnectOpts) => net.Socket;
    const redirected = (options: net.TcpNetConnectOpts): net.Socket =>
        connect({ ...options, port: ports[options.port] ?? options.port });
    net.connect = redirected as typeof net.connect;
}
