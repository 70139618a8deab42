/** What is stored under a key: a value, its flags and its expiry. */
export interface StoreSpec {
    readonly value: string | Uint8Array;
    readonly flagBits: number;
    readonly expirySeconds: number;
}
