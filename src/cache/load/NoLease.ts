import type { Commands } from '../../client/Commands';
import type { Encoded } from '../values/valueCodec';
import type { StoredCas } from '../engine/CacheEngine';

/**
 * The substitute for a lease on a memcached without CAS (-C). No process can tell there whether an
 * item is still its own. Each process loads for itself, and the last stored value stays.
 */
export class NoLease {
    /** Whether the load has released it. If so, the load does not store its value. */
    isFinished = false;

    constructor(
        private readonly commands: Commands,
        readonly key: string,
    ) {}

    isShownBy(): boolean {
        return true;
    }

    async store({ value, flags }: Encoded, expires: number): Promise<StoredCas> {
        await this.commands.store('set', this.key, value, { expires, flags });
        return { cas: 0n, epoch: 0 };
    }

    async remove(): Promise<void> {
        await this.commands.delete(this.key);
    }

    /** Finishes without a request. No process takes the item of `LoadLease.take` for a lease. */
    release(): Promise<void> {
        this.isFinished = true;
        return Promise.resolve();
    }
}
