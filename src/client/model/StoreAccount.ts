import { join64 } from '../../util/uint64';

/** A value that was stored, with the CAS that its server answered. By that only this value is deleted. */
export class Receipt {
    casHigh = 0;
    casLow = 0;
    /** The epoch of the server in which the CAS is valid; 0 until the server has answered. */
    epoch = 0;

    constructor(readonly key: string) {}

    /** 0: memcached runs without CAS. */
    get cas(): bigint {
        return join64(this.casHigh, this.casLow);
    }
}

/** Counts the values that a component stores, and selects those to evict. */
export interface StoreAccount {
    /** A value is about to be sent, or was stored. */
    add(key: string): Receipt;
    /** Whether there are too many. */
    readonly isOver: boolean;
    /** Takes the receipt of a value to evict out of the account; null while there are not too many. */
    evict(nowMs: number): Receipt | null;
    /** The server has answered, at `nowMs`, a store that was sent in this epoch. */
    stored(
        receipt: Receipt,
        casHigh: number,
        casLow: number,
        epoch: number,
        nowMs: number,
        expirySeconds: number,
    ): void;
    /** The value was not stored, or this is not known. */
    forget(receipt: Receipt): void;
}
