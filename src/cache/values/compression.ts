import { promisify } from 'node:util';
import { constants, deflate, inflate } from 'node:zlib';
import { valueTooLarge } from '../../client/model/errors';
import type { Item } from '../../client/model/Item';
import { Semaphore } from '../../util/Semaphore';
import { asDeflated, decodeInflated, type Encoded } from './valueCodec';

const deflateBytes = promisify(deflate);
const inflateBytes = promisify(inflate);

/** What is inflated may be this large: a few bytes that claim to be gigabytes must not take the memory of the process. */
const LARGEST_BYTES = 128 * 1024 * 1024;

/** As many as Node's thread pool has threads: more of them at once would be no faster, and each takes memory while it is under way. */
const gate = new Semaphore(4);

/** Compressed to more than this share of its size it is kept plain. */
const WORTH = 0.9;

/** Whether it has as many bytes in UTF-8. */
export function hasBytes({ value }: Encoded, least: number): boolean {
    if (value.length >= least) return true;
    return typeof value === 'string' && value.length * 3 >= least && Buffer.byteLength(value) >= least;
}

/**
 * Deflated in Node's thread pool, or plain when that does not pay.
 * @throws BadRequestException VALUE_TOO_LARGE
 */
export async function compress(encoded: Encoded): Promise<Encoded> {
    const { value, flags } = encoded;
    // Bytes belong to the caller, who may change them while this waits.
    const plain = Buffer.from(value as string);
    if (plain.length > LARGEST_BYTES) throw valueTooLarge(plain.length, LARGEST_BYTES);
    const deflated = await gate.run(() => deflateBytes(plain, { level: constants.Z_BEST_SPEED }));
    return deflated.length > plain.length * WORTH ? { value: plain, flags } : asDeflated(encoded, deflated);
}

/** @throws Error when it is not what `compress` makes */
export async function decompress(item: Item): Promise<unknown> {
    const bytes = await gate.run(() => inflateBytes(item.value!, { maxOutputLength: LARGEST_BYTES }));
    return decodeInflated(item, bytes);
}
