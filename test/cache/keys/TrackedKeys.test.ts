import { TrackedKeys } from '../../../src/cache/keys/TrackedKeys';
import type { Receipt } from '../../../src/client/model/StoreAccount';
import { randomOf } from '../../support/random';

const HOUR_S = 3600;

/** A model of TrackedKeys as an array, with the most recently stored key at the end. */
class Model {
    entries: { readonly key: string; readonly expiresAt: number }[] = [];

    constructor(private readonly limit: number) {}

    add(key: string, now: number, seconds: number): string | null {
        this.remove(key);
        this.entries.push({ key, expiresAt: now + 1 + seconds });
        if (this.entries.length <= this.limit) return null;
        this.entries = this.entries.filter(({ expiresAt }) => expiresAt > now);
        return this.entries.length > this.limit ? this.entries.shift()!.key : null;
    }

    remove(key: string): void {
        this.entries = this.entries.filter(one => one.key !== key);
    }
}

const late: Receipt[] = [];
const make = (limit: number) => new TrackedKeys(limit, receipt => late.push(receipt));

/** Stores the key, and returns the key that it evicts. */
function add(stored: TrackedKeys, key: string, now = 0, seconds = HOUR_S): string | null {
    stored.stored(stored.add(key), 0, 1, 1, now * 1000, seconds);
    return stored.evict(now * 1000)?.key ?? null;
}

describe('TrackedKeys', () => {
    afterEach(() => (late.length = 0));

    it('evicts the least recently stored key', () => {
        const stored = make(2);
        expect(['a', 'b', 'a', 'c', 'd'].map(key => add(stored, key))).toEqual([null, null, null, 'b', 'a']);
        expect([stored.size, stored.evictions]).toEqual([2, 2]);
    });

    it.each([1, 3, 20])('behaves like an array for random keys with a limit of %d', limit => {
        const random = randomOf(`StoredKeys ${limit}`);
        const [stored, model] = [make(limit), new Model(limit)];
        const outcomes: unknown[] = [];
        const expected: unknown[] = [];
        let now = 0;
        for (let i = 0; i < 5000; i++) {
            const key = `key${Math.floor(random() * 2 * limit)}`;
            now += Math.floor(random() * 2);
            if (random() < 0.7) {
                const seconds = 1 + Math.floor(random() * 2 * limit);
                outcomes.push(add(stored, key, now, seconds));
                expected.push(model.add(key, now, seconds));
            } else {
                stored.remove(key);
                model.remove(key);
            }
            outcomes.push(stored.size);
            expected.push(model.entries.length);
        }
        expect(outcomes).toEqual(expected);
        const evictions = expected.filter(outcome => typeof outcome === 'string').length;
        expect(stored.evictions).toBe(evictions);
        expect(evictions).toBeGreaterThan(0);
    });

    it('evicts no value while other values have expired, wherever these are in the list', () => {
        const stored = make(1000);
        for (let i = 0; i < 1000; i++) add(stored, `old${i}`, 0, i % 2 === 0 ? HOUR_S : 10);
        for (let i = 0; i < 500; i++) expect(add(stored, `new${i}`, 11)).toBeNull();
        expect([stored.size, stored.evictions]).toEqual([1000, 0]);
        expect(add(stored, 'one more', 11)).toBe('old0');
    });

    it('tracks touched values, and values beyond 30 days, whose expiry is a Unix time', () => {
        const stored = make(2);
        add(stored, 'far', 0, Math.floor(Date.now() / 1000) + 40 * 24 * HOUR_S);
        add(stored, 'near', 0, 10);
        stored.touched('near', HOUR_S);
        stored.touched('unknown', HOUR_S);
        expect(add(stored, 'next', 12)).toBe('far');
        expect(add(stored, 'last', 12)).toBe('near');
    });

    it('reports a key that it evicts without a CAS as soon as the CAS arrives', () => {
        const stored = make(1);
        const [first, second] = [stored.add('a'), stored.add('b')];
        expect(stored.evict(0)).toBe(first);
        stored.stored(second, 0, 2, 1, 0, HOUR_S);
        expect(late).toEqual([]);
        stored.stored(first, 0, 1, 1, 0, HOUR_S);
        expect(late).toEqual([first]);
        expect([first.cas, stored.size]).toEqual([1n, 1]);
    });

    it('tracks no value without a store or without a CAS', () => {
        const stored = make(1);
        stored.forget(stored.add('failed'));
        stored.stored(stored.add('without CAS'), 0, 0, 1, 0, HOUR_S);
        expect(stored.size).toBe(0);
        const first = stored.add('key');
        stored.forget(first);
        const again = stored.add('key');
        stored.forget(first);
        expect([stored.size, stored.add('key')]).toEqual([1, again]);
    });
});
