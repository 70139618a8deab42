import { HeldLocks } from '../../src/lock/HeldLocks';
import type { Lease } from '../../src/lock/Lease';

const leaseOf = (key: string): Lease => ({ key, isFinished: false }) as Lease;

describe('HeldLocks', () => {
    it('returns the latest lease under a key', () => {
        const holdings = new HeldLocks();
        const [first, second] = [leaseOf('key'), leaseOf('key')];
        holdings.add(first);
        holdings.add(second);
        holdings.remove(first);
        expect(holdings.get('key')).toBe(second);
        holdings.remove(second);
        expect(holdings.get('key')).toBeUndefined();
    });

    it('removes two finished leases for each new lease, and keeps the other leases', () => {
        const holdings = new HeldLocks();
        const over = Array.from({ length: 50 }, (_, i) => ({ key: `over:${i}`, isFinished: false }));
        for (let i = 0; i < 50; i++) holdings.add(leaseOf(`held:${i}`));
        for (const lease of over) holdings.add(lease as Lease);
        for (const lease of over) lease.isFinished = true;
        // Each addition checks two of 101 entries. The checks wrap once to the first entry.
        for (let i = 0; i < 51; i++) holdings.add(leaseOf('new'));
        expect(holdings.size).toBe(51);
        expect(holdings.get('held:49')).toBeDefined();
        expect(holdings.get('over:49')).toBeUndefined();
    });
});
