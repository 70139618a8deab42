import type { Item } from '../client/Item';
import { Pauses } from '../connect/Pauses';
import type { AnyContext } from '../connect/ComponentLog';
import { LoadLease, type LeaseTimes } from './LoadLease';
import type { Loading } from './Loading';
import { isLeased, isPaused } from './marks';
import type { ValueStore } from './ValueStore';
import { isStoredNull } from './values';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;
/**
 * A lease that is not renewed for its whole life and so much longer has no holder. Watching it needs
 * no clock of another machine, so those who wait find out earlier than its date says.
 */
const DEAD_AFTER_MORE_MS = 1000;

const pauses = new Pauses();

/**
 * Waits until another process has the value, or until this one has the lease, which is then the load's; at most `timeoutMs`. After that, and when memcached
 * fails, the answer is null and there is no lease: better two loaders than none.
 *
 * @param seen what a read has just found; undefined: that has to be read again, with its CAS
 * @param generation of the server that answered that, see `MemcachedServer`
 */
export async function takeTurn(
    values: ValueStore,
    leaseTimes: LeaseTimes,
    context: AnyContext,
    fullKey: string,
    load: Loading,
    seen: Item | undefined,
    generation: number,
    timeoutMs: number,
): Promise<{ readonly value: unknown } | null> {
    const { client } = values;
    const leaseMs = leaseTimes.seconds * 1000;
    const endMs = performance.now() + timeoutMs;
    let watched = 0n;
    let watchedSinceMs = performance.now();
    const read = async (): Promise<Item> => {
        // The key may have another server when the answer comes.
        const server = client.server(fullKey);
        const found = await client.gets(fullKey);
        ({ generation } = server);
        return found;
    };
    try {
        let item = seen ?? (await read());
        for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
            if (load.isEnding) return null;
            const nowMs = performance.now();
            if (item.cas !== watched) {
                watched = item.cas;
                watchedSinceMs = nowMs;
            }
            const isElsewhere = isLeased(item, leaseMs) && nowMs - watchedSinceMs <= leaseMs + DEAD_AFTER_MORE_MS;
            // Another process may have failed to load the stale value since this one has read it.
            if (load.isUnheard && (isElsewhere || isPaused(item, leaseTimes.longestPauseMs))) {
                load.giveUp();
                return { value: null };
            }
            if (isElsewhere) {
                await pauses.pause(pauseMs * (0.5 + Math.random()), load.signal);
            } else if (await load.take(LoadLease.take(client, leaseTimes, fullKey, item, generation))) return null;
            if (load.isEnding || performance.now() > endMs) return null;
            item = await read();
            if (item.value === null) continue;
            if (isStoredNull(item)) return { value: null };
            const value = await values.decode(context, item);
            if (value !== null) return { value };
        }
    } catch {
        return null;
    }
}
