/** Operation on one key, the same for both protocols. */
export type Verb =
    | 'get'
    /** Read of a value without its flags. The client reads back what it has stored. */
    | 'readBack'
    | 'touch'
    | 'getAndTouch'
    | 'set'
    | 'add'
    | 'replace'
    /** Store that always compares the CAS, unlike the other stores with a CAS of 0. */
    | 'cas'
    | 'append'
    | 'prepend'
    | 'delete'
    | 'increment'
    | 'decrement';

export interface Command {
    readonly verb: Verb;
    readonly key: string;
    readonly value: Buffer;
    readonly flags: number;
    /** Seconds as on the wire. A negative number means expired. */
    readonly expiry: number;
    /** CAS to compare. 0 = unconditional. */
    readonly cas: bigint;
    readonly delta: bigint;
    /** Value of a new counter, or null to create none. */
    readonly initial: bigint | null;
}

const NOTHING = Buffer.alloc(0);

/** Completes a command. Each verb uses some of the arguments. */
export function toCommand(verb: Verb, key: string, given: Partial<Command> = {}): Command {
    return { verb, key, value: NOTHING, flags: 0, expiry: 0, cas: 0n, delta: 0n, initial: null, ...given };
}
