import { AsyncLocalStorage } from 'node:async_hooks';
import type { Entry } from '../schedule/Ledger';

const calls = new AsyncLocalStorage<Entry>();

/** Counters of one component. They tell which call of the workload has counted. */
export class Meter {
    readonly counts = new Map<string, number>();
    /** What `stats` was given. */
    readonly samples = new Map<string, number[]>();

    /** What the call counts, now or later, stands in its entry. */
    static during<T>(entry: Entry, call: () => T): T {
        return calls.run(entry, call);
    }

    increment(name: string, value: number): void {
        add(this.counts, name, value);
        const entry = calls.getStore();
        if (entry !== undefined) add(entry.counts, name, value);
    }

    incrementOne(name: string): void {
        this.increment(name, 1);
    }

    stats(name: string, value: number): void {
        const samples = this.samples.get(name);
        if (samples === undefined) this.samples.set(name, [value]);
        else samples.push(value);
    }
}

function add(counts: Map<string, number>, name: string, value: number): void {
    counts.set(name, (counts.get(name) ?? 0) + value);
}
