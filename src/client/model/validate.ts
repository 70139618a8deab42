import { isUint8Array } from 'node:util/types';
import {
    describe,
    invalidAmount,
    invalidCas,
    invalidFlags,
    invalidKey,
    invalidTtl,
    notSerializable,
    valueTooLarge,
} from './errors';
import type { ProtocolMode } from './ClientOptions';
import type { Login } from './ServerAddress';

/**
 * Checks of arguments, before the client sends a byte. They return the error, or null. memcached
 * closes the connection on a bad key, which would fail other calls.
 */

export function checkKey(key: unknown, maxKeyBytes: number): Error | null {
    if (typeof key !== 'string') return invalidKey(`expected a string, not ${describe(key)}`);
    const length = key.length;
    if (length === 0) return invalidKey('expected at least 1 byte');
    let isAscii = true;
    for (let i = 0; i < length; i++) {
        const c = key.charCodeAt(i);
        if (c <= 0x20 || c === 0x7f) return invalidKey(`white space or control character ${c} at index ${i}`);
        if (c > 0x7f) isAscii = false;
    }
    // A lone surrogate has no UTF-8 encoding. Two such keys would become the same one.
    if (!isAscii && !key.isWellFormed()) return invalidKey('lone surrogate');
    const bytes = isAscii ? length : Buffer.byteLength(key);
    if (bytes > maxKeyBytes) return invalidKey(`${bytes} bytes, expected at most ${maxKeyBytes}`);
    return null;
}

export function checkValue(value: unknown, maxValueBytes: number): Error | null {
    if (typeof value === 'string') {
        if (value.length * 3 <= maxValueBytes) return null;
        const bytes = Buffer.byteLength(value);
        return bytes > maxValueBytes ? valueTooLarge(bytes, maxValueBytes) : null;
    }
    if (!isUint8Array(value)) return notSerializable(`expected a string or a Uint8Array, not ${describe(value)}`);
    return value.length > maxValueBytes ? valueTooLarge(value.length, maxValueBytes) : null;
}

/** Checks an expiry, which has 32 unsigned bits. A larger number would lose its upper bits. */
export function checkExpiry(seconds: unknown): Error | null {
    return isUint32(seconds) ? null : invalidTtl(seconds);
}

export function checkFlags(flags: unknown): Error | null {
    return isUint32(flags) ? null : invalidFlags(flags);
}

function isUint32(n: unknown): n is number {
    return typeof n === 'number' && n >= 0 && n <= 0xffffffff && Number.isInteger(n);
}

export function isIterable(value: unknown): value is Iterable<unknown> {
    return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

export function isWeight(weight: unknown): boolean {
    return typeof weight === 'number' && weight > 0 && weight < Infinity;
}

/** Returns the expectation that a login does not meet, or null. */
export function checkLogin({ username, password }: Login, protocol: ProtocolMode): string | null {
    // SASL PLAIN separates the two by NUL, and the meta protocol by a space.
    if (![username, password].every(text => typeof text === 'string' && !text.includes('\0')))
        return 'a user name and a password without NUL';
    return protocol === 'meta' && username.includes(' ')
        ? 'a user name without a space (options.protocol: meta)'
        : null;
}

/** Checks a CAS. No item has the CAS 0, which memcached takes for "any" and a miss carries. */
export function checkCas(cas: unknown): Error | null {
    return typeof cas === 'bigint' && cas > 0n && cas <= 0xffffffffffffffffn ? null : invalidCas(cas);
}

/** Returns the amount as 64 bits, or the error. */
export function toUint64(amount: unknown): bigint | Error {
    if (typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0) return BigInt(amount);
    if (typeof amount === 'bigint' && amount >= 0n && amount <= 0xffffffffffffffffn) return amount;
    return invalidAmount(amount);
}
