import { Holdings } from '../../src/lock/Holdings';
import type { Lease } from '../../src/lock/Lease';

const leaseOf = (isOver = false): Lease => ({ isOver }) as Lease;

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
    for (let i = 0; i < 100; i++) holdings.add(`held:${i}`, leaseOf());
    for (let i = 0; i < 100; i++) holdings.add(`over:${i}`, leaseOf(true));
    for (let i = 0; i < 160; i++) holdings.add('new', leaseOf());
    expect(holdings.size).toBe(101);
    expect(holdings.get('held:99')).toBeDefined();
    expect(holdings.get('over:99')).toBeUndefined();
});
