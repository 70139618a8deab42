import type { Lease } from './Lease';

/** How many entries are looked at when one is added: more than one, so that what is over goes faster than new ones come. */
const SWEPT = 2;

/** What ILock's verbs have acquired: the last lease under each key. Those that are over are forgotten, a few with each new one. */
export class HeldLocks {
    private readonly leases = new Map<string, Lease>();
    private sweep = this.leases.entries();

    get size(): number {
        return this.leases.size;
    }

    add(lease: Lease): void {
        this.leases.set(lease.key, lease);
        for (let i = 0; i < SWEPT; i++) this.sweepOne();
    }

    get(key: string): Lease | undefined {
        return this.leases.get(key);
    }

    /** Only if it is still this one: another task may have acquired the key since. */
    remove(lease: Lease): void {
        if (this.leases.get(lease.key) === lease) this.leases.delete(lease.key);
    }

    private sweepOne(): void {
        const { value, done } = this.sweep.next();
        if (done) this.sweep = this.leases.entries();
        else if (value[1].isFinished) this.leases.delete(value[0]);
    }
}
