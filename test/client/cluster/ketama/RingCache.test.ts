import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RingCache } from '../../../../src/client/cluster/ketama/RingCache';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const lengthOf = (key: string) => key.length;

describe('RingCache', () => {
    it('computes a frequent key only a few times', () => {
        let computed = 0;
        const hot = new RingCache(100, key => (computed++, lengthOf(key)));
        for (let i = 0; i < 10_000; i++) expect(hot.get('k'.repeat(1 + (i % 50)))).toBe(1 + (i % 50));
        expect(computed).toBeLessThan(500);
    });

    it('keeps a frequent key while other keys come and go', () => {
        let computed = 0;
        const hot = new RingCache(100, key => {
            if (key === 'often') computed++;
            return lengthOf(key);
        });
        for (let i = 0; i < 100_000; i++) {
            hot.get(`once:${i}`);
            hot.get('often');
        }
        expect(computed).toBeLessThan(20);
    });

    it('holds at most two generations', () => {
        const hot = new RingCache(100, lengthOf);
        for (let i = 0; i < 100_000; i++) hot.get(`once:${i}`);
        expect(hot.size).toBeLessThanOrEqual(200);
        expect(hot.size).toBeGreaterThanOrEqual(100);
    });

    it('does not retain the long text that contains a key', () => {
        const hot = new RingCache(1000, lengthOf);
        collectGarbage();
        const before = process.memoryUsage().heapUsed;
        for (let i = 0; i < 8000; i++) {
            const text = `${i}:`.padEnd(100_000, 'x');
            hot.get(text.slice(0, 50));
        }
        expect(hot.size).toBe(1000);
        collectGarbage();
        // The 1000 texts take 100 MB.
        expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * 2 ** 20);
    });
});
