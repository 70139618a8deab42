import { fork } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import { join } from 'node:path';
import { useOpener, useServer } from '../support/Opener';

// eslint-disable-next-line @typescript-eslint/no-require-imports -- tests replace its `lookup`
const dns = require('node:dns') as { lookup: unknown };
const { lookup } = dns;
const dead = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'];
/** The number of connections that fill a listener with a backlog of 1. */
const FILLERS = 6;

const open = useOpener();
const server = useServer();

/** Starts listeners that accept nothing and are full, so that the kernel drops new connections. */
beforeEach(async () => {
    const holes = fork(join(__dirname, 'listenerChild.cjs'), [String(server.port), ...dead]);
    open.atEnd(async () => {
        const ended = once(holes, 'exit');
        holes.kill('SIGKILL');
        await ended;
    });
    await once(holes, 'message');
    holes.kill('SIGSTOP');
    for (const host of dead) {
        const filling = Array.from({ length: FILLERS }, () => net.connect({ host, port: server.port }));
        for (const socket of filling) {
            socket.on('error', () => {});
            open.atEnd(() => socket.destroy());
        }
        await Promise.race(filling.map(socket => once(socket, 'connect')));
    }
    const addresses = [...dead, server.host].map(address => ({ address, family: 4 }));
    dns.lookup = (_: string, __: object, callback: (error: null, addresses: object[]) => void) =>
        process.nextTick(callback, null, addresses);
    open.atEnd(() => (dns.lookup = lookup));
});

it.each([1000, 2000])('connects to a name whose first four addresses drop packets, connectTimeoutMs %d', async ms => {
    const options = { connectTimeoutMs: ms, requestTimeoutMs: 20_000 };
    const client = await open.client({ host: 'five.example', port: server.port }, options);
    expect(await client.set('key', 'value')).toBe(true);
    expect(client.getStats()[0]).toMatchObject({ isUp: true });
});
