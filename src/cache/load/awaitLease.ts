import { Item } from '../../client/model/Item';
import type { AnyContext } from '../../component/ComponentLogger';
import { pollPauseMs } from '../../util/backoff';
import { Sleeper } from '../../util/Sleeper';
import type { CacheEngine } from '../engine/CacheEngine';
import { isLeased, isPaused } from '../values/loadMarks';
import { isStoredNull } from '../values/valueCodec';
import { LoadLease, type LeaseTimes } from './LoadLease';
import type { Miss } from './LoadOptions';
import type { PendingLoad } from './PendingLoad';

/** The longest mean pause between polls. */
const LONGEST_PAUSE_MS = 100;

/**
 * The time to wait for a renewal beyond the life of a lease. A lease without a renewal has no
 * holder. Unlike the date in the lease, this needs no synchronized clocks.
 */
const DEAD_AFTER_MORE_MS = 1000;

const sleeper = new Sleeper();

/**
 * Waits until the load has the lease, or returns the value of another process. Returns null with
 * the lease, after `timeoutMs`, and when memcached fails. Two loaders are better than none.
 */
export async function awaitLease(
    engine: CacheEngine,
    times: LeaseTimes,
    load: PendingLoad,
    { request, fullKey, held, epoch }: Miss,
    timeoutMs: number,
): Promise<{ readonly value: unknown } | null> {
    const begunMs = performance.now();
    const watch = new LeaseWatch(times.seconds * 1000);
    const commands = engine.commands.internal;
    const read = async (): Promise<Item> => {
        // The key may have another server when the reply comes.
        const server = commands.cluster.server(fullKey);
        const found = await commands.gets(fullKey);
        ({ epoch } = server);
        return found;
    };
    try {
        // A read that has returned text has no CAS.
        let item = typeof held === 'string' ? await read() : (held ?? Item.MISS);
        for (;;) {
            if (load.isEnding) return null;
            const isRemote = watch.isAlive(item);
            // Another process may have failed to load the stale value since this process read it.
            if (load.hasNoListener && (isRemote || isPaused(item, times.failurePause.maxMs))) {
                load.giveUp();
                return { value: null };
            }
            const waitedMs = performance.now() - begunMs;
            if (isRemote) await sleeper.sleep(pollPauseMs(waitedMs, LONGEST_PAUSE_MS), load.signal);
            else if (await load.take(LoadLease.take(commands, times, fullKey, item, epoch))) return null;
            if (load.isEnding || performance.now() - begunMs > timeoutMs) return null;
            item = await read();
            const found = await valueOf(engine, request.context, item);
            if (found !== null) return found;
        }
    } catch {
        return null;
    }
}

/** The watch over an item that tells whether another process holds its lease. */
class LeaseWatch {
    private cas = 0n;
    private unchangedSinceMs = 0;

    constructor(private readonly leaseMs: number) {}

    isAlive(item: Item): boolean {
        const nowMs = performance.now();
        if (item.cas !== this.cas) {
            this.cas = item.cas;
            this.unchangedSinceMs = nowMs;
        }
        const isRenewed = nowMs - this.unchangedSinceMs <= this.leaseMs + DEAD_AFTER_MORE_MS;
        // On a server without CAS, no item shows a lease (see `NoLease`).
        return item.cas !== 0n && isRenewed && isLeased(item, this.leaseMs);
    }
}

async function valueOf(engine: CacheEngine, context: AnyContext, item: Item): Promise<{ value: unknown } | null> {
    if (item.value === null) return null;
    if (isStoredNull(item)) return { value: null };
    const value = await engine.decode(context, item);
    return value === null ? null : { value };
}
