import type { Lease } from './Lease';

/** The number of leases that each `add` checks. With one, new leases would outpace the sweep. */
const SWEPT_PER_ADD = 2;

/** The last lease of the methods of `ILock` under each key. `add` sweeps finished leases. */
export class HeldLocks {
    private readonly leases = new Map<string, Lease>();
    private sweep = this.leases.entries();

    get size(): number {
        return this.leases.size;
    }

    add(lease: Lease): void {
        this.leases.set(lease.key, lease);
        for (let i = 0; i < SWEPT_PER_ADD; i++) {
            const { value, done } = this.sweep.next();
            if (done) this.sweep = this.leases.entries();
            else if (value[1].isFinished) this.leases.delete(value[0]);
        }
    }

    get(key: string): Lease | undefined {
        return this.leases.get(key);
    }

    /** Removes the lease, unless another task has acquired the key since. */
    remove(lease: Lease): void {
        if (this.leases.get(lease.key) === lease) this.leases.delete(lease.key);
    }
}
