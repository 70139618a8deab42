import { late } from '../faults/replyFaults';
import { codeOf } from '../support/codeOf';
import { Opener } from '../support/Opener';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { sleep } from '../support/sleep';
import { storedIn } from './storedIn';

const NETWORK_MS = 30;
const WAITERS = 5;

/** The outcomes of callers that wait for locks while their component closes. */
export interface Shutdowns {
    /** The number of tasks that begin after the call of `close`. */
    begunAfterClose: number;
    /** The number of locks on the server after `close` whose task has ended. */
    locksLeft: number;
    readonly outcomes: Record<string, number>;
}

/**
 * Closes components at any point of a handover over a network with a delay of 30 ms. A lock with
 * five waiters becomes free, and the component closes within the next two round trips.
 */
export async function shutDown(server: MemcachedProcess, times: number): Promise<Shutdowns> {
    const shutdowns: Shutdowns = { begunAfterClose: 0, locksLeft: 0, outcomes: {} };
    const closings = Array.from({ length: times }, async (_, i) => {
        const open = new Opener();
        try {
            await shutDownOnce(open, server, (2 * NETWORK_MS * i) / times, shutdowns);
        } finally {
            await open.end();
        }
    });
    await Promise.all(closings);
    return shutdowns;
}

async function shutDownOnce(
    open: Opener,
    server: MemcachedProcess,
    closedAfterMs: number,
    shutdowns: Shutdowns,
): Promise<void> {
    const { key } = open;
    const holder = await open.lock(server);
    await holder.acquireLock(null, key, 60_000);
    const proxy = await open.faultProxy(server);
    proxy.begin(late(NETWORK_MS));
    const lock = await open.lock(proxy, { retry_timeout: 10 });
    let isClosed = false;
    const work = (): string => {
        if (isClosed) shutdowns.begunAfterClose++;
        return 'worked';
    };
    const waiting = Promise.all(
        Array.from({ length: WAITERS }, () => codeOf(lock.withLock(null, key, { ttl: 60_000, timeout: 60_000 }, work))),
    );
    while (lock.counts.busy < WAITERS) await sleep(1);
    await holder.releaseLock(null, key);
    await sleep(closedAfterMs);
    isClosed = true;
    await lock.close(null);
    for (const outcome of await waiting) {
        shutdowns.outcomes[outcome] = (shutdowns.outcomes[outcome] ?? 0) + 1;
    }
    if ((await storedIn(server)(key)) !== null) shutdowns.locksLeft++;
}
