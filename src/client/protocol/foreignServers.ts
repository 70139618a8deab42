/** The problem of a server that accepts no further connection. It may speak any protocol. */
export const TOO_MANY_CONNECTIONS = 'the server has too many connections (option -c of memcached)';

/** The first bytes of replies in protocols that memcached does not speak. */
const FOREIGN_REPLIES: readonly (readonly [start: RegExp, problem: string])[] = [
    [/^ERROR Too many open connections/, TOO_MANY_CONNECTIONS],
    [/^HTTP\//, 'the server speaks HTTP'],
    [/^-(ERR|NOAUTH|DENIED) /, 'the server speaks the protocol of Redis'],
];

const MAX_START_BYTES = 40;

/** Returns the problem that the first bytes of a reply reveal, or null. */
export function describeForeign(b: Buffer, at: number): string | null {
    const text = b.toString('latin1', at, at + MAX_START_BYTES);
    return FOREIGN_REPLIES.find(([start]) => start.test(text))?.[1] ?? null;
}
