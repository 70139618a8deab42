import { StoredKeys } from '../../src/cache/StoredKeys';
import { randomOf } from '../support/random';

/** The same in an array, the key stored last at the end. */
class Model {
    keys: string[] = [];

    constructor(private readonly limit: number) {}

    add(key: string): string | null {
        this.remove(key);
        this.keys.push(key);
        return this.keys.length > this.limit ? this.keys.shift()! : null;
    }

    remove(key: string): boolean {
        const wasThere = this.keys.includes(key);
        this.keys = this.keys.filter(one => one !== key);
        return wasThere;
    }
}

describe('StoredKeys', () => {
    it('gives up the key that was stored longest ago', () => {
        const stored = new StoredKeys(2);
        expect(['a', 'b', 'a', 'c', 'd'].map(key => stored.add(key))).toEqual([null, null, null, 'b', 'a']);
        expect([stored.size, stored.evictions]).toEqual([2, 2]);
    });

    it.each([1, 3, 20])('does what an array does, of random keys and with room for %d', limit => {
        const random = randomOf(`StoredKeys ${limit}`);
        const [stored, model] = [new StoredKeys(limit), new Model(limit)];
        const outcomes: unknown[] = [];
        const expected: unknown[] = [];
        for (let i = 0; i < 5000; i++) {
            const key = `key${Math.floor(random() * 2 * limit)}`;
            const verb = random() < 0.7 ? 'add' : 'remove';
            outcomes.push(stored[verb](key), stored.size);
            expected.push(model[verb](key), model.keys.length);
        }
        expect(outcomes).toEqual(expected);
        const evictions = expected.filter(outcome => typeof outcome === 'string').length;
        expect(stored.evictions).toBe(evictions);
        expect(evictions).toBeGreaterThan(0);
    });
});
