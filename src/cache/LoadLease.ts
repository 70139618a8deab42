import { randomBytes } from 'node:crypto';
import { isAway } from '../client/errors';
import { toExpirySeconds } from '../client/expiry';
import type { Item } from '../client/Item';
import type { MemcachedClient } from '../client/MemcachedClient';
import { asLoading, keptForMs } from './dated';
import type { Encoded } from './values';

/**
 * How a lease ages. `LoadThrough` takes it as a parameter, so that the tests that wait for a lease
 * to expire use a shorter one.
 */
export interface LeaseTimes {
    /** A killed holder blocks its key for up to so long. See `toExpirySeconds` for the least. */
    readonly seconds: number;
    /** The interval of renewals: a third of the shortest life of a lease. */
    readonly renewedAfterMs: number;
}

export const LEASE_TIMES: LeaseTimes = { seconds: 4, renewedAfterMs: 650 };

/** So often the item is looked for when its CAS cannot be compared. */
const MOST_TRIES = 3;

/**
 * Says to other processes that this one loads a value. It lies under the value's own key: one read shows either, `clear` leaves both behind, and who stores or
 * removes the value meanwhile takes the lease away, after which what was loaded is not stored: it may be older.
 *
 * It is no lock: its holder may lose it and not know. Then a second loader runs, and the value of the first one is not stored.
 */
export class LoadLease {
    private isOver = false;
    private timer: NodeJS.Timeout | null = null;
    private renewing: Promise<unknown> | null = null;

    private constructor(
        private readonly client: MemcachedClient,
        private readonly times: LeaseTimes,
        private readonly key: string,
        /** What was there before. */
        private readonly before: Item,
        private readonly marker: { value: Buffer; flags: number },
        /** 0: memcached runs without CAS. */
        private cas: bigint,
        /** In which the CAS was answered. */
        private generation: number,
    ) {}

    /**
     * In the place of the item, or of nothing; null: somebody was faster. Without CAS it is taken where there is nothing, and is not renewed.
     */
    static async take(
        client: MemcachedClient,
        times: LeaseTimes,
        key: string,
        before: Item,
        generation: number,
    ): Promise<LoadLease | null> {
        const marker = asLoading(before, randomBytes(8));
        const { value, flags } = marker;
        const storing = { expires: times.seconds, flags };
        let cas: bigint | null = 0n;
        if (before.value === null) cas = await client.casAdd(key, value, storing);
        else if (before.cas !== 0n) {
            const reply = await client.casSet(key, value, before.cas, { ...storing, generation });
            cas = reply.outcome === 'stored' ? reply.cas : null;
        }
        if (cas === null) return null;
        const lease = new LoadLease(client, times, key, before, marker, cas, client.server(key).generation);
        if (cas !== 0n) lease.schedule();
        return lease;
    }

    /** The value takes its place; false: it was lost, or somebody has stored or removed the value since. */
    async store({ value, flags }: Encoded, expires: number): Promise<boolean> {
        if (!(await this.end())) return false;
        try {
            if (this.cas === 0n) return await this.client.set(this.key, value, { expires, flags });
            return await this.swap(value, flags, expires);
        } catch (error) {
            if (!isAway(error)) await this.delete().catch(() => {});
            throw error;
        }
    }

    /** There is nothing to store; what was there before is gone too. */
    async remove(): Promise<void> {
        if (!(await this.end())) return;
        await this.delete();
    }

    /** There is nothing new: what was there before is there again, if it may still be answered. */
    async release(): Promise<void> {
        if (!(await this.end())) return;
        const { value, flagBits } = this.before;
        const keptMs = keptForMs(this.before);
        if (value === null || keptMs === 0) await this.delete();
        else if (this.cas !== 0n) await this.swap(value, flagBits, toExpirySeconds(keptMs));
    }

    /** false: it is over. What is under way is waited for: it changes the CAS. */
    private async end(): Promise<boolean> {
        if (this.isOver) return false;
        this.stop();
        await this.renewing;
        return true;
    }

    private stop(): void {
        this.isOver = true;
        if (this.timer !== null) clearTimeout(this.timer);
        this.timer = null;
    }

    private schedule(): void {
        this.timer = setTimeout(() => {
            this.renewing = this.renew();
        }, this.times.renewedAfterMs).unref();
    }

    private async renew(): Promise<void> {
        const { value, flags } = this.marker;
        // One that fails is no news: the next one looks.
        const isOurs = await this.swap(value, flags, this.times.seconds).catch(() => true);
        if (this.isOver) return;
        if (isOurs) this.schedule();
        else this.stop();
    }

    private async swap(value: string | Uint8Array, flags: number, expires: number): Promise<boolean> {
        for (let tries = 1; ; tries++) {
            const { cas, generation } = this;
            const reply = await this.client.casSet(this.key, value, cas, { expires, flags, generation });
            if (reply.outcome === 'stored') {
                this.know(reply.cas);
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

    /** Sockets have come or gone, or the reply to a renewal was lost: the marker says whether it is still ours. */
    private async find(): Promise<boolean> {
        const { value, flags } = this.marker;
        const item = await this.client.gets(this.key);
        if (item.value === null || item.flagBits !== flags || !item.value.equals(value)) return false;
        this.know(item.cas);
        return true;
    }

    private know(cas: bigint): void {
        this.cas = cas;
        this.generation = this.client.server(this.key).generation;
    }
}
