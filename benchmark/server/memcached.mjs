import { fork } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { ask } from './text.mjs';
import { memcachedBinary } from './binary.mjs';

const keeper = fileURLToPath(new URL('./keeper.mjs', import.meta.url));

async function freePort() {
    const server = createServer();
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise(resolve => server.close(resolve));
    return port;
}

/** A memcached of our own: `{ port, pid, version, flags, flush(), stop() }`. */
export async function startMemcached() {
    const port = await freePort();
    const flags = ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '512', '-t', '2', '-c', '256'];
    const asRoot = process.getuid?.() === 0 ? ['-u', 'root'] : [];
    const child = fork(keeper, [memcachedBinary(), ...flags, ...asRoot], { execArgv: [] });
    let failure;
    let pid;
    child.on('message', message => {
        failure ??= message.failed;
        pid ??= message.pid;
    });
    child.on('exit', () => (failure ??= 'memcached ended'));

    const stop = async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise(resolve => child.once('exit', resolve));
        if (child.connected) child.disconnect();
        await gone;
    };

    for (let attempt = 0; attempt < 100 && failure === undefined; attempt++) {
        try {
            const version = (await ask(port, 'version\r\n', '\r\n')).toString('latin1').trim().replace('VERSION ', '');
            return {
                port,
                pid,
                version,
                flags: flags.slice(6).join(' '),
                flush: () => ask(port, 'flush_all\r\n', '\r\n'),
                stop,
            };
        } catch {
            await sleep(50);
        }
    }
    await stop();
    throw new Error(
        `memcached did not start (${failure ?? 'no answer in 5 s'}): run npm run setup, or set MEMCACHED_BIN`,
    );
}
