import { join64 } from '../../util/uint64';

/**
 * The CAS of a store if another client has changed the item before the client could read its CAS.
 * No item has it.
 */
export const OVERWRITTEN_CAS = 0xffff_ffff_ffff_ffffn;

/** A value with flags and CAS. A miss has a null value and null flags, as in memjs, and CAS 0. */
export class Item {
    static readonly MISS: Item = Object.freeze(new Item(null, 0, 0, 0)) as Item;

    constructor(
        /** The value, null on a miss. */
        readonly value: Buffer | null,
        /** The flags as a number, 0 on a miss. */
        readonly flagBits: number,
        private readonly casHigh: number,
        private readonly casLow: number,
    ) {}

    /** Returns the flags as four bytes, as in memjs. */
    get flags(): Buffer | null {
        if (this.value === null) return null;
        const bytes = Buffer.allocUnsafe(4);
        bytes.writeUInt32BE(this.flagBits);
        return bytes;
    }

    /** Returns the CAS. It differs from all earlier ones of the key until the server restarts. */
    get cas(): bigint {
        return join64(this.casHigh, this.casLow);
    }
}
