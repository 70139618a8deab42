import type { Lease } from '../../../src/lock/Lease';

/** Remaining time of a lease, as `remaining()` returns it. */
export interface Promised {
    readonly atMs: number;
    untilMs: number;
}

export interface LeaseRecord {
    readonly process: string;
    readonly key: string;
    readonly token: string;
    readonly fencingToken: bigint;
    readonly promised: Promised[];
    /** Number of pending extensions. */
    extensions: number;
    /** Time at which the holder starts the release. */
    releasingMs: number;
}

/** The states that leases report about themselves. */
export class LeaseBook {
    readonly records = new Map<string, LeaseRecord>();
    /** Violations that the workload itself detects. */
    readonly violations: string[] = [];

    /**
     * Checks that work starts under a held lock of an open component.
     * @param isClosed whether the component has closed since the call of `withLock`
     */
    checkStart(process: string, lease: Lease, isClosed: boolean): void {
        if (!lease.isHeld()) this.violations.push(`${process} starts work under the lost lock ${lease.key}`);
        if (isClosed) this.violations.push(`${process} starts work under the lock ${lease.key} after the close`);
    }

    recordPromise(process: string, lease: Lease): void {
        const atMs = performance.now();
        this.recordOf(process, lease).promised.push({ atMs, untilMs: atMs + lease.remaining() });
    }

    /**
     * Extends the lease, possibly for a shorter time. Ends earlier promises, and records a new
     * promise unless another extension is pending.
     */
    async extend(process: string, lease: Lease, ttlMs: number | undefined): Promise<boolean> {
        const record = this.recordOf(process, lease);
        const nowMs = performance.now();
        for (const one of record.promised) one.untilMs = Math.min(one.untilMs, nowMs);
        record.extensions++;
        try {
            return await lease.extend(ttlMs);
        } finally {
            record.extensions--;
            if (record.extensions === 0) this.recordPromise(process, lease);
        }
    }

    recordRelease(lease: Lease): void {
        const record = this.records.get(lease.token);
        if (record !== undefined) record.releasingMs = Math.min(record.releasingMs, performance.now());
    }

    private recordOf(process: string, { key, token, fencingToken }: Lease): LeaseRecord {
        let record = this.records.get(token);
        if (record === undefined) {
            record = { process, key, token, fencingToken, promised: [], extensions: 0, releasingMs: Infinity };
            this.records.set(token, record);
        }
        return record;
    }
}
