export interface StoreSpec {
    readonly value: string | Uint8Array;
    readonly flagBits: number;
    readonly expirySeconds: number;
}
