import { once } from 'node:events';
import { join } from 'node:path';
import { forkSource } from '../support/forkSource';
import { useOpener, useServer } from '../support/Opener';
import { mixedEnv } from '../support/protocol';

const PROCESSES = 8;
const TIMES = 1000;

const server = useServer();
const open = useOpener();

it(`counts exactly ${PROCESSES * TIMES} in ${PROCESSES} processes × ${TIMES} increments of a JSON counter`, async () => {
    const children = Array.from({ length: PROCESSES }, (_, i) => {
        const child = forkSource(join(__dirname, 'updateChild.ts'), [server.port, 'key', TIMES], { env: mixedEnv(i) });
        open.atEnd(() => child.kill('SIGKILL'));
        return child;
    });
    const exits = Promise.all(children.map(child => once(child, 'exit')));
    await Promise.all(children.map(child => once(child, 'message')));
    for (const child of children) child.send('go');
    expect((await exits).map(([code]: unknown[]) => code)).toEqual(Array(PROCESSES).fill(0));
    const cache = await open.cache(server);
    expect(await cache.retrieve(null, 'key')).toEqual({ n: PROCESSES * TIMES });
});
