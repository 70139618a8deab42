import { setTimeout as sleep } from 'node:timers/promises';

import { locks } from './locks.mjs';

/**
 * The lock of one process. The process lasts for all rounds, so its code is as optimised as in a
 * service.
 */
let lock;

async function wait(holdMs, room) {
    let release;
    try {
        release = await lock.acquire();
    } catch {
        room.gaveUp++;
        return;
    }
    if (room.inside++ > 0) throw new Error('two callers hold the lock');
    await sleep(holdMs);
    room.inside--;
    await release();
}

const tasks = {
    async prepare({ name, port, intervalMs }) {
        lock = await locks[name].open(port, intervalMs);
    },
    async round({ waiters, holdMs }) {
        const room = { inside: 0, gaveUp: 0 };
        const cpu = process.cpuUsage();
        await Promise.all(Array.from({ length: waiters }, () => wait(holdMs, room)));
        const { user, system } = process.cpuUsage(cpu);
        return { cpuMs: (user + system) / 1000, gaveUp: room.gaveUp };
    },
    close: () => lock.close(),
};

process.on('message', async message => {
    try {
        process.send({ result: await tasks[message.task](message) });
    } catch (error) {
        process.send({ error: error instanceof Error ? error.message : String(error) });
    }
});
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => {});
