import { Descriptor, type IReferences } from 'pip-services4-components-node';
import type { CounterName } from './counterNames';

/** What is asked of counters; every version of Pip.Services has it. */
interface Counters {
    increment(name: string, value: number): unknown;
    incrementOne(name: string): unknown;
    stats(name: string, value: number): unknown;
}

const COUNTERS = new Descriptor('*', 'counters', '*', '*', '1.0');

/** Gives numbers to all referenced counters; without any it costs a look at a list. Counters that fail do not fail their user. */
export class ComponentCounters {
    private counters: Counters[] = [];

    setReferences(references: IReferences): void {
        this.counters = references.getOptional<Counters>(COUNTERS);
    }

    unsetReferences(): void {
        this.counters = [];
    }

    /** Whether there is anybody to measure for. */
    get isUsed(): boolean {
        return this.counters.length > 0;
    }

    incrementOne(name: CounterName): void {
        if (this.counters.length > 0) this.forEach(counters => counters.incrementOne(name));
    }

    increment(name: CounterName, value: number): void {
        if (this.counters.length > 0) this.forEach(counters => counters.increment(name, value));
    }

    /** Least, greatest and average count. */
    stats(name: CounterName, value: number): void {
        if (this.counters.length > 0) this.forEach(counters => counters.stats(name, value));
    }

    private forEach(to: (counters: Counters) => unknown): void {
        for (const counters of this.counters) {
            try {
                const given = to(counters);
                // There is nobody to tell, now or later.
                if (given instanceof Promise) given.catch(() => {});
            } catch {
                // As above.
            }
        }
    }
}
