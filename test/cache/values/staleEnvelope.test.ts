import { freshOrNull, wrap, keptForMs, staleOrNull } from '../../../src/cache/values/staleEnvelope';
import { withLeaseMark, isLeased } from '../../../src/cache/values/loadMarks';
import { OURS, type Encoded } from '../../../src/cache/values/valueCodec';
import { Item } from '../../../src/client/model/Item';

const FRESH_MS = 1000;
const KEPT_MS = 5000;
const TEXT: Encoded = { value: '"text"', flags: 0 };

const itemOf = ({ value, flags }: Encoded): Item => new Item(Buffer.from(value as string), flags, 0, 1);
const textOf = (item: unknown): string => String((item as Item).value);

let dated: Item;

beforeEach(() => {
    jest.useFakeTimers();
    dated = itemOf(wrap(TEXT, Date.now() + FRESH_MS, Date.now() + KEPT_MS));
});

afterEach(() => jest.useRealTimers());

describe('a value with dates', () => {
    it('is a hit without its dates while it is fresh, and a miss afterwards', () => {
        jest.advanceTimersByTime(FRESH_MS - 1);
        const fresh = freshOrNull(dated) as Item;
        expect([textOf(fresh), fresh.flagBits]).toEqual(['"text"', OURS]);
        jest.advanceTimersByTime(1);
        expect(freshOrNull(dated)).toBeNull();
    });

    it('is stale for as long as the caller allows', () => {
        jest.advanceTimersByTime(FRESH_MS + 499);
        expect(textOf(staleOrNull(dated, 500))).toBe('"text"');
        jest.advanceTimersByTime(1);
        expect(staleOrNull(dated, 500)).toBeNull();
        expect(textOf(staleOrNull(dated, 501))).toBe('"text"');
    });

    it('stays for the rest of its time, which is never negative', () => {
        jest.advanceTimersByTime(2000);
        expect(keptForMs(dated)).toBe(KEPT_MS - 2000);
        jest.advanceTimersByTime(KEPT_MS);
        expect(keptForMs(dated)).toBe(0);
    });

    it('keeps its dates and its value under a lease', () => {
        const loading = itemOf(withLeaseMark(dated, 7));
        expect(isLeased(loading, 4000)).toBe(true);
        const fresh = freshOrNull(loading) as Item;
        expect([textOf(fresh), fresh.flagBits]).toEqual(['"text"', OURS]);
        jest.advanceTimersByTime(FRESH_MS);
        expect(freshOrNull(loading)).toBeNull();
        expect(textOf(staleOrNull(loading, 1))).toBe('"text"');
        expect(keptForMs(loading)).toBe(KEPT_MS - FRESH_MS);
    });

    it('keeps the flags of bytes', () => {
        const bytes = itemOf(wrap({ value: Buffer.from('raw'), flags: OURS | 1 }, Date.now() + 1, Date.now() + 1));
        expect((freshOrNull(bytes) as Item).flagBits).toBe(OURS | 1);
    });
});

describe('a value without dates', () => {
    const plain = itemOf(TEXT);

    it('is always fresh, never stale, and has no remaining time', () => {
        jest.advanceTimersByTime(1e9);
        expect(freshOrNull(plain)).toBe(plain);
        expect(staleOrNull(plain, Infinity)).toBeNull();
        expect(keptForMs(plain)).toBe(0);
    });

    it('is replaced by a JSON null with the token of the lease', () => {
        const [one, other] = [1, 2].map(token => itemOf(withLeaseMark(plain, token)));
        expect([isLeased(one!, 4000), freshOrNull(one!)]).toEqual([true, null]);
        expect(JSON.parse(textOf(one))).toBeNull();
        expect(textOf(one)).not.toBe(textOf(other));
    });
});
