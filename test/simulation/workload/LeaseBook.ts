import type { Lease } from '../../../src/lock/Lease';

/** At a moment a lease said that it would be held for so long. */
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
    /** When its holder began to release it. */
    releasingMs: number;
}

/** What leases have said about themselves. */
export class LeaseBook {
    readonly records = new Map<string, LeaseRecord>();
    /** What is wrong by itself. */
    readonly mistakes: string[] = [];

    /** Work begins under it. */
    begin(process: string, lease: Lease): void {
        if (!lease.isHeld()) this.mistakes.push(`${process} begins to work under a lock ${lease.key} that is not held`);
    }

    look(process: string, lease: Lease): void {
        const atMs = performance.now();
        this.recordOf(process, lease).promised.push({ atMs, untilMs: atMs + lease.remaining() });
    }

    /** For a shorter time perhaps: what was said before counts no more. */
    extending(lease: Lease): void {
        const nowMs = performance.now();
        for (const one of this.records.get(lease.token)?.promised ?? []) one.untilMs = Math.min(one.untilMs, nowMs);
    }

    releasing(lease: Lease): void {
        const record = this.records.get(lease.token);
        if (record !== undefined) record.releasingMs = Math.min(record.releasingMs, performance.now());
    }

    private recordOf(process: string, { key, token, fencingToken }: Lease): LeaseRecord {
        let record = this.records.get(token);
        if (record === undefined) {
            record = { process, key, token, fencingToken, promised: [], releasingMs: Infinity };
            this.records.set(token, record);
        }
        return record;
    }
}
