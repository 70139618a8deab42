import type { Commands } from '../../client/Commands';
import type { Encoded } from '../values/valueCodec';
import type { StoredCas } from '../engine/CacheEngine';

/**
 * Stands for a lease where memcached runs without CAS (-C): no process can tell there whether an
 * item is still its own. Each process loads for itself, and the value that is stored last stays.
 */
export class NoLease {
    /** Released: its value is not stored. */
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

    /**
     * Nothing to give back: no process takes the item that `LoadLease.take` has added for a lease.
     */
    release(): Promise<void> {
        this.isFinished = true;
        return Promise.resolve();
    }
}
