import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../support/root';
import { sleep } from '../../support/sleep';

const memcached = JSON.stringify(join(root, 'scripts/memcached.cjs'));

/**
 * Returns a script that starts a memcached and prints its port. `fate` is further code of the
 * script.
 */
const parent = (fate: string) => `
    const { startMemcached } = require(${memcached});
    startMemcached().then(server => {
        process.stdout.write(JSON.stringify({ port: server.port }));
        ${fate}
    });`;

describe('a memcached of startMemcached', () => {
    it.each([
        ['is killed', '', 'SIGKILL'],
        ['is interrupted', '', 'SIGINT'],
        ['crashes', `process.stdin.once('data', () => { throw new Error('crash'); });`, undefined],
        ['exits', `process.stdin.once('data', () => process.exit(3));`, undefined],
        ['has no more work', `process.stdin.once('data', () => server.unref());`, undefined],
    ] as const)('ends when its parent %s', async (_, fate, signal) => {
        const child = spawn(process.execPath, ['-e', parent(fate)], { stdio: ['pipe', 'pipe', 'ignore'] });
        const [told] = (await once(child.stdout, 'data')) as [Buffer];
        const { port } = JSON.parse(told.toString()) as { port: number };
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');

        // The connection breaks at the moment when memcached ends.
        const ended = new Promise(resolve =>
            socket
                .resume()
                .on('error', () => {})
                .once('close', resolve),
        );
        const exited = once(child, 'exit');
        if (signal) child.kill(signal);
        else child.stdin.end('go');
        await Promise.all([exited, ended]);
    });

    it('ends on request of its parent, and does not keep the parent alive', async () => {
        const fate = `server.unref(); server.end().then(() => process.exit(7));`;
        const child = spawn(process.execPath, ['-e', parent(fate)], { stdio: ['ignore', 'pipe', 'ignore'] });
        child.stdout.resume();
        expect(await once(child, 'exit')).toEqual([7, null]);
    });

    it.each([
        ['its parent is killed', 1, 'SIGKILL'],
        ['a signal ends all processes of its group', -1, 'SIGTERM'],
        ['the terminal of its group closes', -1, 'SIGHUP'],
    ] as const)('removes its private directory when %s', async (_, sign, signal) => {
        const folder = mkdtempSync(join(tmpdir(), 'private-'));
        const child = spawn(process.execPath, ['-e', parent('')], {
            env: { ...process.env, TMPDIR: folder },
            stdio: ['pipe', 'pipe', 'ignore'],
            detached: true,
        });
        await once(child.stdout, 'data');
        expect(readdirSync(folder)).toEqual([expect.stringMatching(/^memcached-/)]);
        process.kill(sign * child.pid!, signal);
        await untilTrue(() => readdirSync(folder).length === 0);
        rmdirSync(folder);
    });
});

async function untilTrue(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await sleep(5);
}
