import { isUint8Array } from 'node:util/types';
import {
    invalidAmount,
    invalidCas,
    invalidFlags,
    invalidKey,
    invalidTtl,
    notSerializable,
    valueTooLarge,
} from './errors';
import type { Login } from './ServerAddress';

/** What is looked at before a byte is sent. A bad key in particular: memcached closes the connection on it, and takes its neighbours with it. */

/** null, or why memcached cannot have this key. */
export function checkKey(key: unknown, maxKeyBytes: number): Error | null {
    if (typeof key !== 'string') return invalidKey(`it is ${describe(key)}, not a string`);
    const length = key.length;
    if (length === 0) return invalidKey('it is empty');
    let isAscii = true;
    for (let i = 0; i < length; i++) {
        const c = key.charCodeAt(i);
        if (c <= 0x20 || c === 0x7f) return invalidKey(`character ${i} is white space or a control character (${c})`);
        if (c > 0x7f) isAscii = false;
    }
    // A lone surrogate has no UTF-8: two keys that differ in it would become one.
    if (!isAscii && !key.isWellFormed()) return invalidKey('it holds half of a surrogate pair');
    const bytes = isAscii ? length : Buffer.byteLength(key);
    if (bytes > maxKeyBytes) return invalidKey(`key is ${bytes} bytes, the limit is ${maxKeyBytes}`);
    return null;
}

export function checkValue(value: unknown, maxValueBytes: number): Error | null {
    if (typeof value === 'string') {
        if (value.length * 3 <= maxValueBytes) return null;
        const bytes = Buffer.byteLength(value);
        return bytes > maxValueBytes ? valueTooLarge(bytes, maxValueBytes) : null;
    }
    if (!isUint8Array(value)) return notSerializable(`it is ${describe(value)}, not a string or a buffer`);
    return value.length > maxValueBytes ? valueTooLarge(value.length, maxValueBytes) : null;
}

/** memcached's expiry is an unsigned word of seconds: what does not fit would be stored as something else. */
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

/** SASL PLAIN ends a user name with NUL, and a password must not hold one either. */
export function isLogin(login: Login): boolean {
    return [login.username, login.password].every(one => typeof one === 'string' && !one.includes('\0'));
}

/** A CAS that an item can have. 0 is none: memcached takes it for "whatever is there", and it is what a miss carries. */
export function checkCas(cas: unknown): Error | null {
    return typeof cas === 'bigint' && cas > 0n && cas <= 0xffffffffffffffffn ? null : invalidCas(cas);
}

/** A 64-bit amount, or the error that says why it is none. */
export function toUint64(amount: unknown): bigint | Error {
    if (typeof amount === 'number' && Number.isSafeInteger(amount) && amount >= 0) return BigInt(amount);
    if (typeof amount === 'bigint' && amount >= 0n && amount <= 0xffffffffffffffffn) return amount;
    return invalidAmount(amount);
}

function describe(value: unknown): string {
    if (value === null) return 'null';
    return typeof value === 'object' ? 'an object' : `of type ${typeof value}`;
}
