import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import type { MemcachedProcess } from '../server/MemcachedProcess';

/** Stops a server, and resolves when all its threads stand still: the signal is on its way a little longer than `stop`. */
export async function stopped(memcached: MemcachedProcess): Promise<void> {
    memcached.stop();
    const tasks = `/proc/${memcached.pid}/task`;
    if (!existsSync(tasks)) return delay(50);
    while (readdirSync(tasks).some(task => !/^State:\s*T/m.test(readFileSync(`${tasks}/${task}/status`, 'utf8')))) {
        await delay(1);
    }
}
