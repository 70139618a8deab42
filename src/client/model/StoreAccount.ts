import { join64 } from '../../util/uint64';

/** A stored value with its CAS, so that an eviction deletes this value only. */
export class Receipt {
    casHigh = 0;
    casLow = 0;
    /** The epoch of the server in which the CAS is valid. 0 until the server has answered. */
    epoch = 0;

    constructor(readonly key: string) {}

    /** 0 if memcached runs without CAS. */
    get cas(): bigint {
        return join64(this.casHigh, this.casLow);
    }
}

/** Counts the values of a component and selects those to evict. */
export interface StoreAccount {
    /** Called before a value is sent, or when it was stored. */
    add(key: string): Receipt;
    /** Whether there are too many values. */
    readonly isOver: boolean;
    /** Removes and returns the receipt of the value to evict. Null unless `isOver`. */
    evict(nowMs: number): Receipt | null;
    /** Called at `nowMs`, when the server has confirmed a store that was sent in this epoch. */
    stored(
        receipt: Receipt,
        casHigh: number,
        casLow: number,
        epoch: number,
        nowMs: number,
        expirySeconds: number,
    ): void;
    /** Called when the value was not stored, or perhaps not. */
    forget(receipt: Receipt): void;
}
