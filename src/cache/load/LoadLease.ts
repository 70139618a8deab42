import { randomInt } from 'node:crypto';
import { isUnavailable } from '../../client/model/errors';
import { toExpirySeconds } from '../../client/model/expiry';
import type { Item } from '../../client/model/Item';
import type { Commands } from '../../client/Commands';
import type { Fetched } from '../../client/calls/getCalls';
import { backoffMs, type Backoff } from '../../util/backoff';
import type { StoredCas } from '../engine/CacheEngine';
import { keptForMs } from '../values/staleEnvelope';
import { withLeaseMark, withPauseMark, failuresOf, leaseToken, MAX_NUMBER } from '../values/loadMarks';
import type { Encoded } from '../values/valueCodec';
import { NoLease } from './NoLease';

/** The lifetime of a lease, and the pause after a failed load. Tests use shorter times. */
export interface LeaseTimes {
    /** The longest time that a killed holder blocks its key. See `toExpirySeconds`. */
    readonly seconds: number;
    /** The interval of renewals: a third of the shortest life of a lease. */
    readonly renewedAfterMs: number;
    /** The pause between a failed load of a stale value and the next load. */
    readonly failurePause: Backoff;
}

export const LEASE_TIMES: LeaseTimes = {
    seconds: 4,
    renewedAfterMs: 650,
    failurePause: { firstMs: 1000, maxMs: 30_000, jitter: 0 },
};

/** The right of a load to store its value. */
export type AnyLease = LoadLease | NoLease;

/** The maximum number of tries of a write that meets an outdated CAS. */
const MAX_TRIES = 3;

/**
 * A sign for other processes that this process loads a value. It lies under the value's own key.
 * One read shows the value or the lease, and `clear` hides both. A store or removal of the value
 * ends the lease. The loaded value may then be older, so the load does not store it.
 *
 * A stale value stays in the item and keeps its own expiry. The date in the lease tells whether its
 * holder is alive.
 *
 * A lease is no lock. Its holder may lose it without noticing. Then a second loader runs, and the
 * first load does not store its value.
 *
 * Every write compares the CAS of the last write. If the CAS has changed, the token tells whether
 * the item is still this lease. A server without CAS has no lease (see `NoLease`).
 */
export class LoadLease {
    /** Whether the lease is lost or released, or the value has replaced it. */
    isFinished = false;
    private timer: NodeJS.Timeout | null = null;
    /** The pending renewal. It changes the CAS, so every other write waits for it. */
    private renewing: Promise<void> | null = null;

    private constructor(
        private readonly commands: Commands,
        private readonly times: LeaseTimes,
        readonly key: string,
        private readonly previousItem: Item,
        private readonly token: number,
        /** The CAS of the item that the lease has written last. */
        private written: StoredCas,
    ) {
        this.scheduleRenewal();
    }

    /**
     * Puts a lease in the place of the item. Returns null if another process is faster.
     * @param epoch the epoch of the server that has returned the item
     */
    static async take(
        commands: Commands,
        times: LeaseTimes,
        key: string,
        before: Item,
        epoch: number,
    ): Promise<AnyLease | null> {
        const token = randomInt(MAX_NUMBER);
        const { value, flags } = withLeaseMark(before, token);
        const storing = { expires: expirySeconds(before, times), flags };
        // The key may have another server when the reply comes.
        const server = commands.cluster.server(key);
        /** The CAS of the lease. 0 on a server without CAS, null if the item has changed. */
        let cas: bigint | null = 0n;
        if (before.value === null) {
            cas = await commands.casAdd(key, value, storing);
        } else if (before.cas !== 0n) {
            const reply = await commands.casSet(key, value, before.cas, { ...storing, epoch });
            cas = reply.outcome === 'stored' ? reply.cas : null;
        }
        if (cas === null) return null;
        if (cas === 0n) return new NoLease(commands, key);
        return new LoadLease(commands, times, key, before, token, { cas, epoch: server.epoch });
    }

    /** Returns whether a read has found the lease. If so, no write has replaced or removed it. */
    isShownBy(held: Fetched): boolean {
        return typeof held === 'object' && held !== null && leaseToken(held) === this.token;
    }

    /**
     * Puts the value in the place of the lease. Returns null if the lease is lost, or another call
     * has stored or removed the value. Unless a renewal is in flight, sends the request before
     * returning.
     */
    async store({ value, flags }: Encoded, expires: number): Promise<StoredCas | null> {
        if (!this.finish()) return null;
        if (this.renewing !== null) await this.renewing;
        try {
            return (await this.compareAndSet(value, flags, expires)) ? this.written : null;
        } catch (error) {
            if (!isUnavailable(error)) await this.compareAndDelete().catch(() => {});
            throw error;
        }
    }

    /** Removes the lease and the previous value. */
    async remove(): Promise<void> {
        if (!this.finish()) return;
        await this.renewing;
        await this.compareAndDelete();
    }

    /**
     * Puts the previous value back if callers may still get it stale. Otherwise removes the lease.
     * @param hasFailed whether the loader has failed. If so, a pause follows for the stale value.
     */
    async release(hasFailed = false): Promise<void> {
        if (!this.finish()) return;
        await this.renewing;
        if (keptForMs(this.previousItem) === 0) return this.compareAndDelete();
        const failures = failuresOf(this.previousItem);
        const { value, flags } = hasFailed
            ? withPauseMark(this.previousItem, failures + 1, Date.now() + backoffMs(failures, this.times.failurePause))
            : withPauseMark(this.previousItem, failures, 0);
        await this.compareAndSet(value, flags, expirySeconds(this.previousItem, this.times));
    }

    /** Finishes the lease. Returns false if it is finished already. */
    private finish(): boolean {
        if (this.isFinished) return false;
        this.isFinished = true;
        if (this.timer !== null) clearTimeout(this.timer);
        return true;
    }

    private scheduleRenewal(): void {
        this.timer = setTimeout(() => {
            this.renewing = this.renew().finally(() => (this.renewing = null));
        }, this.times.renewedAfterMs).unref();
    }

    private async renew(): Promise<void> {
        const { value, flags } = withLeaseMark(this.previousItem, this.token);
        const expires = expirySeconds(this.previousItem, this.times);
        // A failed renewal proves nothing. The next one shows whether the lease is lost.
        const isHeld = await this.compareAndSet(value, flags, expires).catch(() => true);
        if (this.isFinished) return;
        if (isHeld) this.scheduleRenewal();
        else this.finish();
    }

    private async compareAndSet(value: string | Uint8Array, flags: number, expires: number): Promise<boolean> {
        for (let tries = 1; ; tries++) {
            const { cas, epoch } = this.written;
            const server = this.commands.cluster.server(this.key);
            const reply = await this.commands.casSet(this.key, value, cas, { expires, flags, epoch });
            if (reply.outcome === 'stored') {
                this.written = { cas: reply.cas, epoch: server.epoch };
                return true;
            }
            if (reply.outcome === 'missing' || tries === MAX_TRIES || !(await this.rediscover())) return false;
        }
    }

    private async compareAndDelete(): Promise<void> {
        for (let tries = 1; ; tries++) {
            const { cas, epoch } = this.written;
            const reply = await this.commands.casDelete(this.key, cas, { epoch });
            if (reply === 'deleted' || reply === 'missing' || tries === MAX_TRIES || !(await this.rediscover())) return;
        }
    }

    /** Returns whether the item is still this lease, though its CAS or its epoch has changed. */
    private async rediscover(): Promise<boolean> {
        const server = this.commands.cluster.server(this.key);
        const item = await this.commands.gets(this.key);
        if (leaseToken(item) !== this.token) return false;
        this.written = { cas: item.cas, epoch: server.epoch };
        return true;
    }
}

/** Returns the expiry of the lease. A stale value keeps its own expiry. */
function expirySeconds(before: Item, { seconds }: LeaseTimes): number {
    const keptMs = keptForMs(before);
    return keptMs === 0 ? seconds : Math.max(seconds, toExpirySeconds(keptMs));
}
