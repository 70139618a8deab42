import { Outcome, type Reply } from '../protocol/Protocol';

const MARK = '#';
const END = ':';
const TOKEN = /^[\w-]{8}$/;
const TOKEN_CHARS = 8;

/** How much longer a key is with its token. */
export const TOKEN_BYTES = MARK.length + TOKEN_CHARS + END.length;

/**
 * The keys `<prefix>#<token>:<key>`. Each server holds the token that is in use, under
 * `<prefix>#namespace`. Another token puts all values of this prefix on this server out of reach.
 *
 * A key is placed without its token: the token is that of the key's server.
 */
export class Namespace {
    /** Where each server holds the token. */
    readonly tokenKey: string;
    private readonly mark: string;

    constructor(private readonly prefix: string) {
        this.mark = prefix + MARK;
        this.tokenKey = `${this.mark}namespace`;
    }

    /** What stands before each key; with '' for the token, before a key that is placed. */
    head(token: string): string {
        return this.mark + token + END;
    }

    /** The key as it is placed; null: it does not belong here. */
    place(key: string): string | null {
        if (!key.startsWith(this.mark)) return null;
        const start = this.mark.length;
        const end = key.startsWith(END, start) ? start : start + TOKEN_CHARS;
        return key.startsWith(END, end) ? this.prefix + key.slice(end + END.length) : null;
    }

    /** Whether the key has a token. */
    has(key: string): boolean {
        return key.startsWith(this.mark) && key.startsWith(END, this.mark.length + TOKEN_CHARS);
    }

    /** Whether the reply shows the token that the key has. */
    confirms(key: string, reply: Reply): boolean {
        const start = this.mark.length;
        return reply.outcome === Outcome.OK && reply.valueEquals(key, start, start + TOKEN_CHARS);
    }
}

/** Whether it may stand in a key. */
export function isToken(text: string): boolean {
    return TOKEN.test(text);
}
