import { promisify } from 'node:util';
import { constants, deflate, inflate } from 'node:zlib';
import { valueTooLarge } from '../../client/model/errors';
import type { Item } from '../../client/model/Item';
import { Semaphore } from '../../util/Semaphore';
import { asDeflated, decodeInflated, type Encoded } from './valueCodec';

const deflateBytes = promisify(deflate);
const inflateBytes = promisify(inflate);

/** The limit of inflation, so that a few bytes cannot fill the memory of the process. */
const MAX_BYTES = 128 * 1024 * 1024;

/** The limit of concurrent jobs. Node has four threads for them, so more would only take memory. */
const threads = new Semaphore(4);

/** The largest ratio of compressed to plain size at which the cache stores the compressed value. */
const MAX_SHARE = 0.9;

/** Returns whether the value has at least `min` bytes in UTF-8. */
export function hasBytes({ value }: Encoded, min: number): boolean {
    if (value.length >= min) return true;
    return typeof value === 'string' && value.length * 3 >= min && Buffer.byteLength(value) >= min;
}

/**
 * Deflates a value in Node's thread pool. Returns the plain value if compression saves too little.
 * @throws BadRequestException VALUE_TOO_LARGE
 */
export async function compress(encoded: Encoded): Promise<Encoded> {
    const { value, flags } = encoded;
    // The caller may change the original bytes meanwhile.
    const plain = Buffer.from(value as string);
    if (plain.length > MAX_BYTES) throw valueTooLarge(plain.length, MAX_BYTES);
    const deflated = await threads.run(() => deflateBytes(plain, { level: constants.Z_BEST_SPEED }));
    return deflated.length > plain.length * MAX_SHARE ? { value: plain, flags } : asDeflated(encoded, deflated);
}

/** Inflates the item. Throws an Error if `compress` has not made it. */
export async function decompress(item: Item): Promise<unknown> {
    const bytes = await threads.run(() => inflateBytes(item.value!, { maxOutputLength: MAX_BYTES }));
    return decodeInflated(item, bytes);
}
