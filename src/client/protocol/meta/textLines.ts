import { describeForeign } from '../foreignServers';
import { Outcome } from '../Protocol';

// These functions parse lines of the classic text protocol: errors, and the replies to some stores.

/** The maximum part of an error line that an error message repeats. */
const MAX_WORDS = 200;

const TLS_ALERT = 0x15;
const BINARY_REPLY = 0x81;

/** Returns whether the bytes from `at` to `end` start with an ASCII text. */
export function startsWith(b: Buffer, at: number, end: number, text: string): boolean {
    const length = text.length;
    if (end - at < length) return false;
    for (let i = 0; i < length; i++) if (b[at + i] !== text.charCodeAt(i)) return false;
    return true;
}

/** Returns whether the bytes from `at` to `end` are an ASCII text. */
export function isText(b: Buffer, at: number, end: number, text: string): boolean {
    return end - at === text.length && startsWith(b, at, end, text);
}

/** Returns the outcome of a classic store, or -1 for another line. */
export function storeOutcome(b: Buffer, at: number, end: number): number {
    if (isText(b, at, end, 'STORED')) return Outcome.OK;
    if (isText(b, at, end, 'NOT_STORED')) return Outcome.NOT_STORED;
    if (isText(b, at, end, 'EXISTS')) return Outcome.EXISTS;
    return isText(b, at, end, 'NOT_FOUND') ? Outcome.NOT_FOUND : -1;
}

/**
 * The side at fault for an error.
 *
 * - `unknown`: the server has no such command.
 * - `client`: the server cannot read the command, and may take its value for the next command.
 * - `server`: the server cannot execute the command.
 */
export type Blame = 'unknown' | 'client' | 'server';

export function readBlame(b: Buffer, at: number, end: number): Blame | null {
    if (startsWith(b, at, end, 'SERVER_ERROR')) return 'server';
    if (startsWith(b, at, end, 'CLIENT_ERROR')) return 'client';
    return startsWith(b, at, end, 'ERROR') ? 'unknown' : null;
}

export function readWords(b: Buffer, at: number, end: number): string {
    return b.toString('latin1', at, Math.min(end, at + MAX_WORDS));
}

/** Returns the outcome that an error line stands for. */
export function errorOutcome(blame: Blame, words: string): number {
    if (blame === 'unknown') return Outcome.UNKNOWN_COMMAND;
    if (blame === 'server') {
        if (words.includes('too large')) return Outcome.TOO_LARGE;
        if (words.includes('backend failure')) return Outcome.BACKEND_LOST;
        return /out of memory/i.test(words) ? Outcome.OUT_OF_MEMORY : Outcome.INTERNAL;
    }
    if (words.includes('non-numeric value')) return Outcome.NOT_A_NUMBER;
    // `flush_all not allowed`: the server runs with -F. The binary protocol calls it an
    // authentication error.
    const isForbidden = words.includes('authentica') || words.includes('not allowed');
    return isForbidden ? Outcome.AUTH_ERROR : Outcome.INVALID;
}

/** Describes bytes that do not start a reply of the meta protocol. It repeats none of them. */
export function describeBytes(b: Buffer, at: number): string {
    const foreign = describeForeign(b, at);
    if (foreign !== null) return foreign;
    if (b[at] === BINARY_REPLY) return 'the server answers in the binary protocol instead of text';
    if (b[at] === TLS_ALERT) return 'the server answers in TLS, but the connection does not use TLS';
    return `invalid reply: a line that starts with byte 0x${b[at]!.toString(16).padStart(2, '0')}`;
}
