import { RegisterHistory, type Value } from './RegisterHistory';

/**
 * Parses calls. `w1 0-2` stores 1 from 0 to 2, `r1` reads 1, and `x1` is a rejected store of 1. The
 * value `-` is an empty key. `f1` stores a value that memcached may evict. `h1` gets 1 from memory.
 */
function violations(...calls: string[]): string[] {
    const history = new RegisterHistory();
    for (const call of calls) {
        const [, verb, text, from, to] = /^([wxfrh])(\d+|-) (\d+)-(\d*)$/.exec(call)!;
        const value: Value = text === '-' ? null : Number(text);
        const [began, ended] = [Number(from), to === '' ? Infinity : Number(to)];
        if (verb === 'r' || verb === 'h') history.found({ value, began, ended, isHearsay: verb === 'h' });
        else history.wrote({ value, began, ended, isAcknowledged: verb !== 'x', isFleeting: verb === 'f' });
    }
    return history.violations().map(({ kind, value, after }) => `${kind} ${value} after ${after}`);
}

describe('RegisterHistory', () => {
    it.each<[string, ...string[]]>([
        ['reads the newest value', 'w1 0-1', 'r1 2-3', 'w2 4-5', 'r2 6-7'],
        ['reads nothing at first and after a removal', 'r- 0-1', 'w1 2-3', 'w- 4-5', 'r- 6-7'],
        ['reads either value during a write', 'w1 0-1', 'w2 2-9', 'r1 3-4', 'r2 5-6'],
        ['reads either value of concurrent writes', 'w1 0-9', 'w2 1-8', 'r1 10-11', 'r1 12-13'],
        ['never sees a rejected write', 'w1 0-1', 'x2 2-3', 'r1 4-5'],
        ['sees a rejected write after a while', 'w1 0-1', 'x2 2-3', 'r1 4-5', 'r2 6-7'],
        ['sees a write that never settled', 'w1 0-1', 'x2 2-', 'r1 4-5', 'r2 6-7'],
        ['sees a rejected removal after a while', 'w1 0-1', 'x- 2-3', 'r1 4-5', 'r- 6-7'],
        ['misses a fleeting value', 'f1 0-1', 'r- 2-3'],
        ['misses a fleeting value that may have been stored last', 'f1 0-3', 'w2 0-2', 'r- 4-5'],
        ['misses a fleeting value that was seen', 'w2 0-1', 'f1 0-1', 'r1 2-3', 'r- 4-5'],
        ['gets a value from memory before it is stored', 'w1 0-1', 'x2 2-2', 'h2 3-4', 'r1 5-6', 'r2 7-8'],
        ['reads the older value while the newer one is being acknowledged', 'w1 0-1', 'r1 2-9', 'w2 3-4'],
    ])('accepts a client that %s', (_, ...calls) => {
        expect(violations(...calls)).toEqual([]);
    });

    it.each<[string, string, ...string[]]>([
        ['an acknowledged store over a newer one', 'undone 1 after 2', 'w1 0-1', 'w2 2-3', 'r1 4-5'],
        ['an acknowledged store over a removal', 'undone 1 after null', 'w1 0-1', 'w- 2-3', 'r1 4-5'],
        [
            'an acknowledged store after a read of a rejected one',
            'undone 1 after 2',
            'w1 0-1',
            'x2 2-3',
            'r2 4-5',
            'r1 6-7',
        ],
        ['an acknowledged store after a miss', 'undone 1 after null', 'w1 0-1', 'x- 2-3', 'r- 4-5', 'r1 6-7'],
        ['a value that reappears', 'undone 1 after 2', 'w1 0-3', 'w2 1-4', 'r2 5-6', 'r1 7-8'],
        ['a pending store that is executed twice', 'repeated 1 after 2', 'w1 0-9', 'r1 1-2', 'w2 3-4', 'r1 5-6'],
        ['a store that is repeated and then rejected', 'repeated 1 after 2', 'x1 0-9', 'r1 1-2', 'w2 3-4', 'r1 5-6'],
        ['a rejected store over a newer one', 'late 1 after 2', 'x1 0-1', 'w2 2-3', 'r1 4-5'],
        ['a rejected store that was seen, over a newer one', 'late 1 after 2', 'x1 0-1', 'r1 2-3', 'w2 4-5', 'r1 6-7'],
        ['a miss without a removal', 'vanished null after 1', 'w1 0-1', 'r- 2-3'],
        ['a rejected removal over a newer store', 'late null after 2', 'w1 0-1', 'x- 2-3', 'w2 4-5', 'r- 6-7'],
        ['a miss after an older removal', 'vanished null after 1', 'w- 0-1', 'w1 2-3', 'r- 4-5'],
        ['a miss after a fleeting value was replaced', 'vanished null after 2', 'f1 0-1', 'w2 2-3', 'r- 4-5'],
        ['a value from memory that is too old', 'undone 1 after 2', 'w1 0-1', 'w2 2-3', 'h1 4-5'],
        ['a value that was never written', 'invented 7 after 1', 'w1 0-1', 'r7 2-3'],
        ['a value before it is written', 'invented 2 after 1', 'w1 0-1', 'r2 2-3', 'w2 4-5'],
    ])('finds %s', (_, violation, ...calls) => {
        expect(violations(...calls)).toEqual([violation]);
    });

    it('finds a planted violation among many concurrent calls in any order', () => {
        const calls: string[] = [];
        for (let i = 1; i <= 300; i++) {
            calls.push(`w${i} ${i * 10}-${i * 10 + 15}`, `r${i} ${i * 10 + 16}-${i * 10 + 18}`);
        }
        expect(violations(...calls)).toEqual([]);
        expect(violations(...calls.reverse(), 'r200 2035-2036')).toEqual(['undone 200 after 201']);
    });
});
