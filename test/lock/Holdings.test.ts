import { Holdings } from '../../src/lock/Holdings';
import type { Lease } from '../../src/lock/Lease';

const leaseOf = (): Lease => ({ isOver: false }) as Lease;

describe('Holdings', () => {
    it('knows the last lease under a key', () => {
        const holdings = new Holdings();
        const [first, second] = [leaseOf(), leaseOf()];
        holdings.add('key', first);
        holdings.add('key', second);
        holdings.remove('key', first);
        expect(holdings.get('key')).toBe(second);
        holdings.remove('key', second);
        expect(holdings.get('key')).toBeUndefined();
    });

    it('forgets two leases that are over with each new one, and keeps the others', () => {
        const holdings = new Holdings();
        const isOver = { isOver: false };
        for (let i = 0; i < 50; i++) holdings.add(`held:${i}`, leaseOf());
        for (let i = 0; i < 50; i++) holdings.add(`over:${i}`, isOver as Lease);
        isOver.isOver = true;
        // 101 entries, two at a time, and one step to begin again.
        for (let i = 0; i < 51; i++) holdings.add('new', leaseOf());
        expect(holdings.size).toBe(51);
        expect(holdings.get('held:49')).toBeDefined();
        expect(holdings.get('over:49')).toBeUndefined();
    });
});
