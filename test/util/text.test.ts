import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { copyText } from '../../src/util/copyText';
import { parseBoolean, parseWholeNumber } from '../../src/util/parse';

describe('copyText', () => {
    const MIB = 1024 ** 2;

    function heapAfterKeeping(keep: (slice: string) => string): number {
        setFlagsFromString('--expose-gc');
        const collect = runInNewContext('gc') as () => void;
        // One collection may leave garbage of earlier tests to the next collection.
        const gc = (): void => Array.from({ length: 5 }).forEach(() => collect());
        gc();
        const before = process.memoryUsage().heapUsed;
        const kept = Array.from({ length: 40 }, (_, i) => keep(`${i}`.padEnd(MIB, 'x').slice(0, 50)));
        gc();
        const bytes = process.memoryUsage().heapUsed - before;
        expect(kept.length).toBe(40);
        return bytes;
    }

    it('returns the same text', () => {
        for (const text of ['', 'a', 'key-17', 'ü'.repeat(100), '\u{1f600} x']) expect(copyText(text)).toBe(text);
    });

    it('does not retain the text that contains a key', () => {
        expect(heapAfterKeeping(slice => slice)).toBeGreaterThan(30 * MIB);
        expect(heapAfterKeeping(copyText)).toBeLessThan(10 * MIB);
    });
});

describe('parseBoolean', () => {
    it.each(['true', 'TRUE', ' yes ', 'y', 'T', '1'])('reads %j as true', text => {
        expect(parseBoolean(text)).toBe(true);
    });

    it.each(['false', 'False', ' no', 'n', 'F', '0'])('reads %j as false', text => {
        expect(parseBoolean(text)).toBe(false);
    });

    it.each(['', ' ', 'on', 'off', '2', 'truee', 'null'])('rejects %j', text => {
        expect(parseBoolean(text)).toBeUndefined();
    });
});

describe('parseWholeNumber', () => {
    it.each([
        ['0', 0],
        [' 17 ', 17],
        ['-3', -3],
        ['007', 7],
        ['100', 100],
    ])('reads %j', (text, number) => {
        expect(parseWholeNumber(text, -3, 100)).toBe(number);
    });

    it.each(['', ' ', '-4', '101', '1.5', '1e1', '0x10', '1 0', '+5', 'NaN', 'Infinity', '9'.repeat(400)])(
        'rejects %j',
        text => {
            expect(parseWholeNumber(text, -3, 100)).toBeUndefined();
        },
    );
});
