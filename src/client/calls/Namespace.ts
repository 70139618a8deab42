import { Outcome, type Reply } from '../protocol/Protocol';

const MARK = '#';
const END = ':';
const TOKEN = /^[\w-]{8}$/;
const TOKEN_CHARS = 8;

/** The bytes that a token adds to a key. */
export const TOKEN_BYTES = MARK.length + TOKEN_CHARS + END.length;

/**
 * The keys `<prefix>#<token>:<key>`. Each server stores its current token under
 * `<prefix>#namespace`. A new token makes all values of the prefix on this server unreachable.
 *
 * The ring places a key without its token, because the token depends on the server.
 */
export class Namespace {
    /** The key of the token, the same on each server. */
    readonly tokenKey: string;
    private readonly mark: string;

    constructor(private readonly prefix: string) {
        this.mark = prefix + MARK;
        this.tokenKey = `${this.mark}namespace`;
    }

    /** Returns the prefix of all keys with this token, '' if the token is unknown. */
    head(token: string): string {
        return this.mark + token + END;
    }

    /** Returns the key for the ring, or null if it is not of this namespace. */
    place(key: string): string | null {
        if (!key.startsWith(this.mark)) return null;
        const start = this.mark.length;
        const end = key.startsWith(END, start) ? start : start + TOKEN_CHARS;
        return key.startsWith(END, end) ? this.prefix + key.slice(end + END.length) : null;
    }

    /** Returns the head of a key that has a token. */
    headOf(key: string): string {
        return key.slice(0, this.mark.length + TOKEN_CHARS + END.length);
    }

    /** Returns whether the key has a token. */
    has(key: string): boolean {
        return key.startsWith(this.mark) && key.startsWith(END, this.mark.length + TOKEN_CHARS);
    }

    /** Returns whether the reply carries the token of the key. */
    confirms(key: string, reply: Reply): boolean {
        const start = this.mark.length;
        return reply.outcome === Outcome.OK && reply.valueEquals(key, start, start + TOKEN_CHARS);
    }
}

/** Returns whether the text can be a token. */
export function isToken(text: string): boolean {
    return TOKEN.test(text);
}
