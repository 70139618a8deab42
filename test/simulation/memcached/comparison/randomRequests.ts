import type { Random } from '../../world/Random';

/** Request of a random sequence. `casAt` returns the CAS numbers that this server has returned. */
export type RandomRequest = (casAt: (index: number) => string) => string;

/**
 * Without a value of white space alone, because memcached then counts with the bytes behind it.
 * Without a counter of 2^63 or more, because memcached searches the bytes behind it for a minus, and
 * then rejects the counter.
 */
const VALUES = ['', 'x', '<1.0>', 'a\r\nb', 'END\r\n', '0', '7', '10', '99', ' 5', '+5', '5 a', '5a', '-5'].concat([
    '9223372036854775807',
    '18446744073709551616',
    '00000000000000000000000012',
    'y'.repeat(3000),
]);
const TOO_LARGE = 'z'.repeat(1_100_000);
const FLAGS = ['0', '7', '4294967295'];
/** Without expiries that could end during the test. The last two end at once. */
const EXPIRIES = ['0', '100', '2592000', '2147483647', '-1', '2592001'];
const DELTAS = ['0', '1', '5', '18446744073709551615'];
const STORES = ['set', 'add', 'replace', 'append', 'prepend'];

/**
 * Draws a request of those that the client sends.
 * @param hasCas false leaves out `flush_all`, after which `-C` hides all items of the same second
 */
export function randomRequest(random: Random, hasCas: boolean): RandomRequest {
    const key = `k${random.int(1, 3)}`;
    const opaque = `O${random.pick(['00', 'ab', 'oo'])}`;
    const value = random.chance(0.01) ? TOO_LARGE : random.pick(VALUES);
    const cas = random.pick([...Array.from({ length: 8 }, () => random.int(1, 12)), 0]);
    const body = `${value.length}`;
    const casOf = (casAt: (index: number) => string): string => (cas === 0 ? '999999999' : casAt(cas));
    switch (random.weighted({ mg: 8, ms: 5, md: 2, ma: 5, store: 6, cas: 3, server: 1 })) {
        case 'mg': {
            const flags = some(random, ['v', 'f', 'c', `T${random.pick(EXPIRIES)}`]);
            return () => `mg ${[key, ...flags, opaque].join(' ')}\r\n`;
        }
        case 'ms': {
            const flags = [`F${random.pick(FLAGS)}`, `T${random.pick(EXPIRIES)}`, 'c'];
            const words = [key, body, ...some(random, flags), opaque].join(' ');
            return () => `ms ${words}\r\n${value}\r\n`;
        }
        case 'md': {
            const compares = random.chance(0.5);
            return casAt => `md ${key}${compares ? ` C${casOf(casAt)}` : ''} ${opaque}\r\n`;
        }
        case 'ma': {
            const creates = random.chance(0.5) ? [`J${random.pick(DELTAS)}`, `N${random.pick(EXPIRIES)}`] : [];
            const words = [key, 'v', random.pick(['MI', 'MD']), `D${random.pick(DELTAS)}`, ...creates, opaque];
            // memcached pads a shorter counter with spaces, unless another thread uses the item.
            return () => `ma ${words.join(' ')}\r\nmd ${key} ${opaque}\r\n`;
        }
        case 'store': {
            const words = [random.pick(STORES), key, random.pick(FLAGS), random.pick(EXPIRIES), body].join(' ');
            return () => `${words}\r\n${value}\r\n`;
        }
        case 'cas': {
            const words = ['cas', key, random.pick(FLAGS), random.pick(EXPIRIES), body].join(' ');
            return casAt => `${words} ${casOf(casAt)}\r\n${value}\r\n`;
        }
        case 'server': {
            const line = random.pick(['mn', 'bogus', 'stats proxy', 'version', ...(hasCas ? ['flush_all'] : [])]);
            return () => `${line}\r\n`;
        }
    }
}

function some(random: Random, flags: readonly string[]): string[] {
    return flags
        .filter(() => random.chance(0.6))
        .map(flag => ({ flag, order: random.next() }))
        .sort((one, other) => one.order - other.order)
        .map(({ flag }) => flag);
}
