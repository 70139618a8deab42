import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { ask } from './text.mjs';

const READY_MS = 10_000;
/**
 * The script of a shell that waits at a pipe of this process. The script kills Redis when the pipe
 * closes.
 */
const LEASH = 'redis-server "$@" </dev/null >/dev/null 2>&1 & read -r _; kill -9 $!';

/** Returns whether `redis-server` is on the PATH. */
export const hasRedis = () => spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

/**
 * Starts a Redis without persistence, which ends with this process: `{ port, pid, version,
 * requests(commands), stop() }`.
 */
export async function startRedis() {
    const port = await freePort();
    const args = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'].map(String);
    const shell = spawn('sh', ['-c', LEASH, 'sh', ...args], { stdio: ['pipe', 'ignore', 'ignore'] });
    const server = await ready(port);
    return {
        port,
        pid: Number(server.match(/process_id:(\d+)/)[1]),
        version: server.match(/redis_version:(\S+)/)[1],
        requests: commands => requests(port, commands),
        async stop() {
            shell.stdin.end();
            await once(shell, 'close');
        },
    };
}

async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    return port;
}

async function ready(port) {
    const end = performance.now() + READY_MS;
    for (;;) {
        try {
            return await info(port, 'server');
        } catch (error) {
            if (performance.now() > end) throw error;
            await sleep(20);
        }
    }
}

/**
 * Returns the calls of these commands since the start of the server. Redis counts the calls of a
 * script under their own names.
 */
async function requests(port, commands) {
    const stats = await info(port, 'commandstats');
    const callsOf = name => Number(stats.match(`cmdstat_${name}:calls=(\\d+)`)?.[1] ?? 0);
    return commands.reduce((sum, name) => sum + callsOf(name), 0);
}

async function info(port, section) {
    // The answer to QUIT marks the end.
    return (await ask(port, `INFO ${section}\r\nQUIT\r\n`, '+OK\r\n')).toString('latin1');
}
