import { CounterHistory } from '../histories/CounterHistory';
import { Histories } from '../histories/Histories';
import type { Value } from '../histories/RegisterHistory';

/**
 * Records the calls of all actors and their outcomes. Its clock counts events, so no two events
 * happen at the same time.
 */
export class Ledger {
    readonly histories = new Histories();
    readonly counters = new Map<string, CounterHistory>();
    readonly calls = new Map<string, number>();
    readonly codes = new Map<string, number>();
    private moment = 0;
    private lastValue = 0;

    constructor(counters: readonly string[]) {
        for (const key of counters) this.counters.set(key, new CounterHistory());
    }

    now(): number {
        return ++this.moment;
    }

    /** Returns a value that no other write stores. */
    newValue(): number {
        return ++this.lastValue;
    }

    /**
     * Makes a call, and returns its outcome. If the call rejects with a code, the `answer` is null.
     * Throws all other errors.
     */
    async call<T>(verb: string, run: () => Promise<T>): Promise<{ answer: T | null; began: number; ended: number }> {
        count(this.calls, verb);
        const began = this.now();
        try {
            const answer = await run();
            return { answer, began, ended: this.now() };
        } catch (error) {
            const { code } = error as { code?: string };
            if (code === undefined) throw error;
            count(this.codes, code);
            return { answer: null, began, ended: this.now() };
        }
    }

    found(key: string, value: Value, { began, ended }: { began: number; ended: number }): void {
        this.histories.of(key).found({ value, began, ended });
    }

    wrote(key: string, value: Value, isDone: boolean, { began, ended }: { began: number; ended: number }): void {
        this.histories.of(key).wrote({ value, began, ended, isAcknowledged: isDone });
    }

    counterFindings(): string[] {
        return [...this.counters].flatMap(([key, history]) => history.violations().map(found => `${key}: ${found}`));
    }
}

export function count(counts: Map<string, number>, what: string): void {
    counts.set(what, (counts.get(what) ?? 0) + 1);
}
