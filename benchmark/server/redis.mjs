import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { ask } from './text.mjs';

const READY_MS = 10_000;
const ATTEMPTS = 20;
const FLAGS = ['--save', '', '--appendonly', 'no'];
/**
 * The script of a shell that turns into Redis, and leaves a reader of this process's pipe behind.
 * The reader kills Redis when the pipe closes.
 */
const LEASH = `
exec 3<&0 </dev/null
{ read -r _ <&3; kill -9 $$; } >/dev/null 2>&1 &
exec redis-server "$@" 3<&- >/dev/null 2>&1`;

/** Returns whether `redis-server` is on the PATH. */
export const hasRedis = () => spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;

/**
 * Starts a Redis without persistence, which ends with this process: `{ port, pid, version, flags,
 * flush(), answered(), requests(commands), stop() }`.
 */
export async function startRedis() {
    for (let attempt = 1; ; attempt++) {
        const port = await freePort();
        const child = spawn('sh', ['-c', LEASH, 'sh', ...['--port', `${port}`, '--bind', '127.0.0.1'], ...FLAGS], {
            stdio: ['pipe', 'ignore', 'ignore'],
        });
        const closed = once(child, 'close');
        const stop = () => {
            child.stdin.end();
            return closed;
        };
        const facts = await ready(port, child);
        if (facts !== null) return { ...facts, port, stop };
        await stop();
        // Another process has taken the port since `freePort` closed it.
        if (attempt === ATTEMPTS) throw new Error(`redis-server did not start on any of ${ATTEMPTS} ports`);
    }
}

async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    return port;
}

/** Resolves to the facts of a server that answers, or to null if the server has ended. */
async function ready(port, child) {
    const end = performance.now() + READY_MS;
    while (child.exitCode === null && child.signalCode === null && performance.now() < end) {
        const server = await info(port, 'server').catch(() => '');
        // Another process on the port has another id.
        if (Number(server.match(/process_id:(\d+)/)?.[1]) === child.pid) {
            return {
                pid: child.pid,
                version: server.match(/redis_version:(\S+)/)[1],
                flags: "--save ''",
                flush: () => tell(port, 'FLUSHALL'),
                answered: () => answered(port),
                requests: commands => requests(port, commands),
            };
        }
        await sleep(20);
    }
    return null;
}

/** Returns the value that the server holds under a key, or null on a miss. */
export async function stored(port, key) {
    const answer = await tell(port, `GET ${key}`);
    const lineEnd = answer.indexOf('\r\n');
    const length = Number(answer.subarray(1, lineEnd).toString('latin1'));
    return length < 0 ? null : answer.subarray(lineEnd + 2, lineEnd + 2 + length);
}

/** Returns the number of keys that clients have read or written since the start of the server. */
async function answered(port) {
    const stats = await info(port, 'stats');
    const read = ['hits', 'misses'].map(kind => Number(stats.match(`keyspace_${kind}:(\\d+)`)[1]));
    return read.reduce((sum, each) => sum + each, await requests(port, ['set', 'setex', 'psetex']));
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

const info = async (port, section) => (await tell(port, `INFO ${section}`)).toString('latin1');

/** Sends one command. The answer to QUIT marks the end of its answer. */
const tell = (port, command) => ask(port, `${command}\r\nQUIT\r\n`, '+OK\r\n');
