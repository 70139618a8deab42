import { limitExpiry } from './expiry';

export interface StoreSpec {
    readonly value: string | Uint8Array;
    readonly flagBits: number;
    readonly expirySeconds: number;
}

/** Returns the spec with `limitExpiry` applied. */
export function limitSpec(spec: StoreSpec, limit: number): StoreSpec {
    return limit === 0 ? spec : { ...spec, expirySeconds: limitExpiry(spec.expirySeconds, limit) };
}
