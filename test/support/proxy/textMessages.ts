/**
 * Implements the part of memcached's text and meta commands that faults need. The code is
 * independent of `src/client/protocol`, so that the tests detect a mistake there.
 */
import type { Request, Verb } from './verbs';

const LINE_END = '\r\n';
const STATS_END = '\r\nEND\r\n';

const VERBS: Record<string, Verb> = {
    mg: 'get',
    ms: 'set',
    md: 'delete',
    ma: 'count',
    mn: 'noop',
    add: 'add',
    replace: 'replace',
    cas: 'cas',
    append: 'append',
    prepend: 'prepend',
    // The client stores with `ms`, and logs in with `set`.
    set: 'login',
    version: 'version',
    stats: 'stat',
    flush_all: 'flush',
};

/** The index of the word in a line that is the length of the value behind the line. */
const LENGTH_AT: Record<string, number> = { ms: 2, set: 4, add: 4, replace: 4, cas: 4, append: 4, prepend: 4, VA: 1 };

/** Returns the words of the first line, or null while it is incomplete. */
function firstLine(bytes: Buffer): { words: string[]; length: number } | null {
    const end = bytes.indexOf(LINE_END);
    if (end < 0) return null;
    return { words: bytes.toString('utf8', 0, end).split(' '), length: end + LINE_END.length };
}

/**
 * Returns the length of the first request or reply, or Infinity while it is unknown.
 * Statistics are one reply.
 */
export function textLength(bytes: Buffer): number {
    const line = firstLine(bytes);
    if (line === null) return Infinity;
    const [command = ''] = line.words;
    if (command === 'STAT') {
        const end = bytes.indexOf(STATS_END);
        return end < 0 ? Infinity : end + STATS_END.length;
    }
    const valueBytes = LENGTH_AT[command] === undefined ? undefined : line.words[LENGTH_AT[command]];
    return line.length + (valueBytes === undefined ? 0 : Number(valueBytes) + LINE_END.length);
}

export function readText(request: Buffer): Request {
    const [command = '', key = '', ...flags] = firstLine(request)?.words ?? [];
    const verb = VERBS[command];
    // The word after a noop is a flag, not a key.
    return { verb: verb === 'get' ? verbOfGet(flags) : verb, key: verb === 'noop' ? '' : key };
}

function verbOfGet(flags: readonly string[]): Verb {
    if (!flags.some(flag => flag.startsWith('T'))) return 'get';
    return flags.includes('v') ? 'getAndTouch' : 'touch';
}

/** Returns the expiry of a store, or NaN without one. */
export function expiryOfText(request: Buffer): number {
    const flag = firstLine(request)?.words.find(word => /^T\d/.test(word));
    return Number(flag?.slice(1));
}

/** Returns the verb that a reply reveals. Replies to `set` and `delete` look alike. */
export function verbOfTextReply(reply: Buffer): Verb | undefined {
    const [code = ''] = firstLine(reply)?.words ?? [];
    const verbs: Record<string, Verb> = { VA: 'get', EN: 'get', MN: 'noop', VERSION: 'version', STAT: 'stat' };
    return verbs[code];
}

/** Returns the opaque flag of a request or reply, after a space, or '' without one. */
export function opaqueFlag(message: Buffer): string {
    const flag = firstLine(message)?.words.find(isOpaque);
    return flag === undefined ? '' : ` ${flag}`;
}

function isOpaque(word: string): boolean {
    return /^O../.test(word);
}

/** Returns a reply with a value. */
export function valueReply(value: string, opaque: string): Buffer {
    return Buffer.from(`VA ${Buffer.byteLength(value)} f0 c1${opaque}\r\n${value}\r\n`);
}

/** Returns a copy of the reply that claims another length of its value, or adds a value. */
export function claimingValue(reply: Buffer, valueBytes: number): Buffer {
    const { words, length } = firstLine(reply)!;
    if (words[0] !== 'VA') return Buffer.from(`VA ${valueBytes} f0 c1${opaqueFlag(reply)}\r\n??`);
    const line = ['VA', valueBytes, ...words.slice(2)].join(' ');
    return Buffer.concat([Buffer.from(line + LINE_END), reply.subarray(length)]);
}

/** Returns a reply with a value to a request that the client has not sent. */
export function strangerReply(value: string, reply: Buffer): Buffer {
    return valueReply(value, opaqueFlag(reply).startsWith(' O0') ? ' O10' : ' O00');
}

/** Returns an empty reply, as if the request succeeded. */
export function successText(request: Buffer): Buffer {
    const { verb, key } = readText(request);
    const opaque = opaqueFlag(request);
    switch (verb) {
        case 'get':
        case 'getAndTouch':
            return valueReply('', opaque);
        case 'count':
            return valueReply('0', opaque);
        case 'set':
        case 'delete':
        case 'touch':
            return Buffer.from(`HD${opaque}\r\n`);
        case 'noop':
            return Buffer.from('MN\r\n');
        case 'version':
            return Buffer.from('VERSION 1.6.18\r\n');
        case 'stat':
            return Buffer.from(key === 'settings' ? 'STAT cas_enabled yes\r\nEND\r\n' : 'END\r\n');
        case 'flush':
            return Buffer.from('OK\r\n');
        default:
            return Buffer.from('STORED\r\n');
    }
}

/** Returns the reply to a store that the server refuses. */
export function notStoredText(request: Buffer): Buffer {
    const opaque = opaqueFlag(request);
    return Buffer.from(opaque === '' ? 'NOT_STORED\r\n' : `NS${opaque}\r\n`);
}
