import { isUint8Array } from 'node:util/types';

/** The byte before binary values. UTF-8 does not have it. */
const BINARY = 0xff;

/**
 * Returns the value for the cache. Keyv's serializer gives text, which is stored as its bytes, not
 * as JSON in JSON. Without a serializer, Keyv gives an object, which the cache stores as JSON.
 */
export function toStored(value: unknown): unknown {
    if (typeof value === 'string') return Buffer.from(value);
    if (!isUint8Array(value)) return value;
    const marked = Buffer.allocUnsafe(value.length + 1);
    marked[0] = BINARY;
    marked.set(value, 1);
    return marked;
}

/** Returns the value of `toStored`, undefined for a miss. */
export function fromStored(stored: unknown): unknown {
    if (stored === null) return undefined;
    if (!Buffer.isBuffer(stored)) return stored;
    return stored[0] === BINARY ? stored.subarray(1) : stored.toString();
}

/**
 * Returns whether Keyv's envelope of a value has not expired. memcached keeps a value longer than
 * Keyv. An envelope of a serializer that does not write JSON counts as live.
 */
export function isLive(value: unknown): boolean {
    if (value === undefined) return false;
    const envelope = typeof value === 'string' ? parse(value) : value;
    const { expires } = (envelope ?? {}) as { expires?: unknown };
    return !(typeof expires === 'number' && Date.now() > expires);
}

function parse(text: string): unknown {
    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
}
