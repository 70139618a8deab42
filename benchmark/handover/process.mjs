import { setTimeout as sleep } from 'node:timers/promises';

import { answerParent } from '../answer.mjs';
import { locks } from './locks.mjs';

const KEY = 'bench:handover';

/**
 * The lock of one process. The process lasts for all rounds, so its code is as optimised as in a
 * service.
 */
let lock;

async function wait({ holdMs, jitterMs = 0 }, room) {
    let release;
    try {
        release = await lock.acquire(KEY);
    } catch {
        room.gaveUp++;
        return;
    }
    if (room.inside++ > 0) throw new Error('two callers hold the lock');
    if (room.releasedMs !== undefined) room.gapsMs.push(performance.now() - room.releasedMs);
    await sleep(holdMs + Math.random() * jitterMs);
    room.inside--;
    room.releasedMs = performance.now();
    await release();
}

answerParent({
    async prepare({ name, port, intervalMs }) {
        lock = await locks[name].open(port, intervalMs);
    },
    /**
     * Lets all waiters of this process have the lock in turn. `gapsMs` are the times from the
     * beginning of a release to the next acquisition, if this process alone wants the lock.
     */
    async round({ waiters, times = 1, ...hold }) {
        const room = { inside: 0, gaveUp: 0, gapsMs: [] };
        const cpu = process.cpuUsage();
        for (let time = 0; time < times; time++) {
            room.releasedMs = undefined;
            await Promise.all(Array.from({ length: waiters }, () => wait(hold, room)));
        }
        const { user, system } = process.cpuUsage(cpu);
        return { cpuMs: (user + system) / 1000, gaveUp: room.gaveUp, gapsMs: room.gapsMs };
    },
    close: () => lock.close(),
});
