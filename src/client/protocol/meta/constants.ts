/**
 * The characters of the meta protocol. Files that run for each call copy them into local constants.
 * V8 reads local constants faster than the exports of another module.
 */

export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;

/** The commands: two letters in one number. */
export const Command = {
    GET: 0x6d67, // mg
    SET: 0x6d73, // ms
    DELETE: 0x6d64, // md
    COUNT: 0x6d61, // ma
} as const;

/** The codes that start a reply: two letters in one number. */
export const Code = {
    HD: 0x4844,
    /** A value follows. */
    VA: 0x5641,
    /** No such key, in reply to `mg`. */
    EN: 0x454e,
    /** No such key. */
    NF: 0x4e46,
    /** Not stored. */
    NS: 0x4e53,
    /** Another CAS. */
    EX: 0x4558,
} as const;

/** The flags of requests and replies, one letter each. */
export const Flag = {
    OPAQUE: 0x4f, // O
    /** Asks for the value. */
    VALUE: 0x76, // v
    /** Asks for the client flags, and leads them in the reply. */
    CLIENT_FLAGS: 0x66, // f
    /** Asks for the CAS, and leads it in the reply. */
    CAS: 0x63, // c
    EXPECTED_CAS: 0x43, // C
    NEW_CLIENT_FLAGS: 0x46, // F
    EXPIRY: 0x54, // T
    DELTA: 0x44, // D
    /** The value of a new counter. */
    INITIAL: 0x4a, // J
    /** Creates a missing counter, with this expiry. */
    CREATE: 0x4e, // N
} as const;

/**
 * Returns the lower 12 bits of the opaque as on the wire. They are two characters from `0` to `o`
 * in one number. Replies come in the order of the requests, so 12 bits reveal a lost or additional
 * one.
 */
export function tokenOf(opaque: number): number {
    return 0x3030 + ((opaque << 2) & 0x3f00) + (opaque & 0x3f);
}
