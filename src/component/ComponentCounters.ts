import { Descriptor, type IReferences } from 'pip-services4-components-node';
import type { CounterName } from './counterNames';

/** The part of counters that every version of Pip.Services has. */
interface Counters {
    increment(name: string, value: number): unknown;
    stats(name: string, value: number): unknown;
}

const COUNTERS = new Descriptor('*', 'counters', '*', '*', '1.0');

/** All referenced counters. Their failures do not fail the component. */
export class ComponentCounters {
    private counters: Counters[] = [];

    setReferences(references: IReferences): void {
        this.counters = references.getOptional<Counters>(COUNTERS);
    }

    unsetReferences(): void {
        this.counters = [];
    }

    get isUsed(): boolean {
        return this.counters.length > 0;
    }

    increment(name: CounterName, value: number): void {
        if (this.counters.length > 0) this.toEach(counters => counters.increment(name, value));
    }

    /** Records a value. Counters keep the minimum, maximum and average. */
    stats(name: CounterName, value: number): void {
        if (this.counters.length > 0) this.toEach(counters => counters.stats(name, value));
    }

    private toEach(record: (counters: Counters) => unknown): void {
        for (const counters of this.counters) {
            try {
                const result = record(counters);
                if (result instanceof Promise) result.catch(() => {});
            } catch {
                // Counters have nowhere to report a failure.
            }
        }
    }
}
