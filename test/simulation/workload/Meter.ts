import { AsyncLocalStorage } from 'node:async_hooks';
import type { Entry } from '../schedule/Ledger';

const calls = new AsyncLocalStorage<Entry>();

/** Counters of one component, each with the call that raised it. */
export class Meter {
    readonly counts = new Map<string, number>();
    /** Values that the component passes to `stats`. */
    readonly samples = new Map<string, number[]>();

    /** Runs a call and attributes its counters to the entry, even counters that it raises later. */
    static during<T>(entry: Entry, call: () => T): T {
        return calls.run(entry, call);
    }

    increment(name: string, value: number): void {
        add(this.counts, name, value);
        const entry = calls.getStore();
        if (entry !== undefined) add(entry.counts, name, value);
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
