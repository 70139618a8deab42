import { randomInt } from 'node:crypto';
import { isAway } from '../client/errors';
import { toExpirySeconds } from '../client/expiry';
import type { Item } from '../client/Item';
import type { MemcachedClient } from '../client/MemcachedClient';
import type { MemcachedServer } from '../client/MemcachedServer';
import type { Held } from '../client/readCalls';
import { keptForMs } from './dated';
import { asLeased, asPaused, failuresOf, leaseToken, MOST_NUMBER } from './marks';
import type { Encoded } from './values';

/**
 * How a lease ages, and how long a failed load rests. `LoadThrough` takes it as a parameter, so
 * that the tests that wait for it use shorter times.
 */
export interface LeaseTimes {
    /** A killed holder blocks its key for up to so long. See `toExpirySeconds` for the least. */
    readonly seconds: number;
    /** The interval of renewals: a third of the shortest life of a lease. */
    readonly renewedAfterMs: number;
    /** After one failed load of a stale value. Each further failure doubles it. */
    readonly firstPauseMs: number;
    readonly longestPauseMs: number;
}

export const LEASE_TIMES: LeaseTimes = {
    seconds: 4,
    renewedAfterMs: 650,
    firstPauseMs: 1000,
    longestPauseMs: 30_000,
};

/** So often the item is looked for when its CAS cannot be compared. */
const MOST_TRIES = 3;

/**
 * Tells other processes that this one loads a value. It lies under the value's own key: one read
 * shows either, and `clear` leaves both behind. Storing or removing the value takes the lease away.
 * What was loaded may be older then, and is not stored.
 *
 * A stale value stays in the item and keeps its own expiry. The date in the lease tells whether its
 * holder is alive.
 *
 * It is no lock: its holder may lose it and not know. Then a second loader runs, and the value of
 * the first one is not stored.
 */
export class LoadLease {
    /** Lost, released, or replaced by the value. */
    isOver = false;
    private timer: NodeJS.Timeout | null = null;
    private renewing: Promise<void> | null = null;

    private constructor(
        private readonly client: MemcachedClient,
        private readonly times: LeaseTimes,
        private readonly key: string,
        /** What was there before. */
        private readonly before: Item,
        private readonly token: number,
        /** Of the item that it has stored last. 0: memcached runs without CAS. */
        public cas: bigint,
        /** In which the CAS was answered. */
        public generation: number,
    ) {}

    /**
     * Takes the place of the item, or of nothing; null when another process was faster. Without CAS
     * it is taken where there is nothing, and is not renewed.
     */
    static async take(
        client: MemcachedClient,
        times: LeaseTimes,
        key: string,
        before: Item,
        generation: number,
    ): Promise<LoadLease | null> {
        const token = randomInt(MOST_NUMBER);
        const { value, flags } = asLeased(before, token);
        const storing = { expires: expirySeconds(before, times), flags };
        // The key may have another server when the answer comes.
        const server = client.server(key);
        let cas: bigint | null = 0n;
        if (before.value === null) cas = await client.casAdd(key, value, storing);
        else if (before.cas !== 0n) {
            const reply = await client.casSet(key, value, before.cas, { ...storing, generation });
            cas = reply.outcome === 'stored' ? reply.cas : null;
        }
        if (cas === null) return null;
        const lease = new LoadLease(client, times, key, before, token, cas, server.generation);
        if (cas !== 0n) lease.schedule();
        return lease;
    }

    /** Whether a read that found this has found the lease: nothing was stored or removed in its place. */
    isShownBy(held: Held): boolean {
        return typeof held === 'object' && held !== null && leaseToken(held) === this.token;
    }

    /**
     * Puts the value in the place of the lease; false when the lease was lost, or the value was
     * stored or removed since. The request is sent before this returns, unless a renewal is under way.
     */
    async store({ value, flags }: Encoded, expires: number): Promise<boolean> {
        if (!this.stop()) return false;
        if (this.renewing !== null) await this.renewing;
        try {
            if (this.cas === 0n) return await this.client.set(this.key, value, { expires, flags });
            return await this.swap(value, flags, expires);
        } catch (error) {
            if (!isAway(error)) await this.delete().catch(() => {});
            throw error;
        }
    }

    /** Leaves nothing under the key: there is nothing to store, and what was there before is over. */
    async remove(): Promise<void> {
        if (!this.stop()) return;
        await this.renewing;
        await this.delete();
    }

    /**
     * Puts back what was there before, if that may still be answered.
     * @param hasFailed the loader has: the stale value rests for a while before it is loaded again
     */
    async release(hasFailed = false): Promise<void> {
        if (!this.stop()) return;
        await this.renewing;
        if (keptForMs(this.before) === 0) await this.delete();
        else if (this.cas !== 0n) {
            const { value, flags } = this.paused(hasFailed);
            await this.swap(value, flags, expirySeconds(this.before, this.times));
        }
    }

    private paused(hasFailed: boolean): { value: Buffer; flags: number } {
        const { firstPauseMs, longestPauseMs } = this.times;
        const failures = failuresOf(this.before);
        if (!hasFailed) return asPaused(this.before, failures, 0);
        const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** failures);
        return asPaused(this.before, failures + 1, Date.now() + pauseMs);
    }

    /** false: it is over already. What is under way has to be awaited: it changes the CAS. */
    private stop(): boolean {
        if (this.isOver) return false;
        this.isOver = true;
        if (this.timer !== null) clearTimeout(this.timer);
        this.timer = null;
        return true;
    }

    private schedule(): void {
        this.timer = setTimeout(() => {
            this.renewing = this.renew().finally(() => (this.renewing = null));
        }, this.times.renewedAfterMs).unref();
    }

    private async renew(): Promise<void> {
        const { value, flags } = asLeased(this.before, this.token);
        // A renewal that fails proves nothing: the next one looks.
        const isOurs = await this.swap(value, flags, expirySeconds(this.before, this.times)).catch(() => true);
        if (this.isOver) return;
        if (isOurs) this.schedule();
        else this.stop();
    }

    private async swap(value: string | Uint8Array, flags: number, expires: number): Promise<boolean> {
        for (let tries = 1; ; tries++) {
            const { cas, generation } = this;
            const server = this.client.server(this.key);
            const reply = await this.client.casSet(this.key, value, cas, { expires, flags, generation });
            if (reply.outcome === 'stored') {
                this.know(reply.cas, server);
                return true;
            }
            if (reply.outcome === 'missing' || tries === MOST_TRIES || !(await this.find())) return false;
        }
    }

    private async delete(): Promise<void> {
        // Without CAS it may be another's; and what was there before has no lease in its place.
        if (this.cas === 0n) return void (this.before.value === null && (await this.client.delete(this.key)));
        for (let tries = 1; ; tries++) {
            const { cas, generation } = this;
            const reply = await this.client.casDelete(this.key, cas, { generation });
            if (reply === 'deleted' || reply === 'missing' || tries === MOST_TRIES || !(await this.find())) return;
        }
    }

    /** Sockets have come or gone, or the reply to a renewal was lost: the token says whether the item is still ours. */
    private async find(): Promise<boolean> {
        const server = this.client.server(this.key);
        const item = await this.client.gets(this.key);
        if (leaseToken(item) !== this.token) return false;
        this.know(item.cas, server);
        return true;
    }

    /** @param server the one that was asked: the key may have another one since */
    private know(cas: bigint, { generation }: MemcachedServer): void {
        this.cas = cas;
        this.generation = generation;
    }
}

/** A stale value keeps its own. */
function expirySeconds(before: Item, { seconds }: LeaseTimes): number {
    const keptMs = keptForMs(before);
    return keptMs === 0 ? seconds : Math.max(seconds, toExpirySeconds(keptMs));
}
