import { join64 } from '../../util/uint64';

/** A stored value with its CAS, by which an eviction deletes no other value. */
export class Receipt {
    casHigh = 0;
    casLow = 0;
    /** The epoch of the server in which the CAS is valid, 0 until the server has answered. */
    epoch = 0;

    constructor(readonly key: string) {}

    /** Returns the CAS, 0 if memcached runs with CAS disabled (-C). */
    get cas(): bigint {
        return join64(this.casHigh, this.casLow);
    }
}

/** The count of the values that a component stores. It chooses the values to evict. */
export interface StoreAccount {
    /** Records a value that the client sends or has stored. */
    add(key: string): Receipt;
    /** Whether there are too many values. */
    readonly isOver: boolean;
    /** Removes and returns the receipt of a value to evict. Null unless `isOver`. */
    evict(nowMs: number): Receipt | null;
    /** Records the answer to a store, with the epoch of the send, the time, and the expiry. */
    stored(receipt: Receipt, casHigh: number, casLow: number, epoch: number, nowMs: number, seconds: number): void;
    /** Removes a value that the server has not stored, or may not have stored. */
    forget(receipt: Receipt): void;
}
