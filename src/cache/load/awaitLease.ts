import type { Item } from '../../client/model/Item';
import { Sleeper } from '../../util/Sleeper';
import type { AnyContext } from '../../component/ComponentLogger';
import { LoadLease, type LeaseTimes } from './LoadLease';
import type { PendingLoad } from './PendingLoad';
import { isLeased, isPaused } from '../values/loadMarks';
import type { CacheEngine } from '../engine/CacheEngine';
import { isStoredNull } from '../values/valueCodec';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;
/**
 * A lease that is not renewed for its whole life and so much longer has no holder. Watching it needs
 * no clock of another machine, so those who wait find out earlier than its date says.
 */
const DEAD_AFTER_MORE_MS = 1000;

const pauses = new Sleeper();

/**
 * Waits until another process has the value, or until this one has the lease, which is then the load's; at most `timeoutMs`. After that, and when memcached
 * fails, the answer is null and there is no lease: better two loaders than none.
 *
 * @param seen what a read has just found; undefined: that has to be read again, with its CAS
 */
export async function awaitLease(
    values: CacheEngine,
    leaseTimes: LeaseTimes,
    context: AnyContext,
    fullKey: string,
    load: PendingLoad,
    seen: Item | undefined,
    timeoutMs: number,
): Promise<{ readonly value: unknown } | null> {
    const leaseMs = leaseTimes.seconds * 1000;
    const endMs = performance.now() + timeoutMs;
    let watched = 0n;
    let watchedSinceMs = performance.now();
    try {
        let item = seen ?? (await values.commands.gets(fullKey));
        for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)) {
            if (load.isEnding) return null;
            const nowMs = performance.now();
            if (item.cas !== watched) {
                watched = item.cas;
                watchedSinceMs = nowMs;
            }
            const isElsewhere = isLeased(item, leaseMs) && nowMs - watchedSinceMs <= leaseMs + DEAD_AFTER_MORE_MS;
            // Another process may have failed to load the stale value since this one has read it.
            if (load.hasNoListener && (isElsewhere || isPaused(item, leaseTimes.longestPauseMs))) {
                load.giveUp();
                return { value: null };
            }
            if (isElsewhere) {
                await pauses.sleep(pauseMs * (0.5 + Math.random()), load.signal);
            } else {
                const { commands } = values;
                const { epoch } = commands.cluster.server(fullKey);
                if (await load.take(LoadLease.take(commands, leaseTimes, fullKey, item, epoch))) return null;
            }
            if (load.isEnding || performance.now() > endMs) return null;
            item = await values.commands.gets(fullKey);
            if (item.value === null) continue;
            if (isStoredNull(item)) return { value: null };
            const value = await values.decode(context, item);
            if (value !== null) return { value };
        }
    } catch {
        return null;
    }
}
