import { join64 } from '../../util/uint64';

/** What a key holds. A miss is the item without a value: `value` and `flags` null, as in memjs, and a CAS of 0. */
export class Item {
    static readonly MISS: Item = Object.freeze(new Item(null, 0, 0, 0)) as Item;

    constructor(
        readonly value: Buffer | null,
        readonly flagBits: number,
        private readonly casHigh: number,
        private readonly casLow: number,
    ) {}

    /** The flags as memjs gives them: four bytes, made when asked for. */
    get flags(): Buffer | null {
        if (this.value === null) return null;
        const bytes = Buffer.allocUnsafe(4);
        bytes.writeUInt32BE(this.flagBits);
        return bytes;
    }

    /** Unlike that of anything that was stored under the key before, until the server is restarted. */
    get cas(): bigint {
        return join64(this.casHigh, this.casLow);
    }
}
