import type { Interval } from '../histories/RegisterHistory';
import { nowMs, type Event, type Message } from './events';
import { kindOf } from './keys';

const REPORT_EVERY_MS = 100;

/** Reports the calls of this process and their outcomes to the parent. */
export class Recorder {
    private events: Event[] = [];
    private readonly operations = new Map<string, number>();
    private readonly codes = new Map<string, number>();
    private readonly reporting = setInterval(() => this.report(), REPORT_EVERY_MS);

    add(event: Event): void {
        this.events.push(event);
    }

    /**
     * Makes a call, and returns its outcome. If the call rejects with a code, the `answer` is null.
     * Throws all other errors.
     * @param keys the number of keys of the call
     */
    async call<T>(verb: string, key: string, keys: number, run: () => Promise<T>): Promise<Outcome<T>> {
        count(this.operations, `${verb} ${kindOf(key)}`, keys);
        const began = nowMs();
        try {
            const answer = await run();
            return { answer, error: null, began, ended: nowMs() };
        } catch (error) {
            const { code } = error as { code?: string };
            if (code === undefined) throw error;
            count(this.codes, code, 1);
            return { answer: null, error, began, ended: nowMs() };
        }
    }

    end(): void {
        clearInterval(this.reporting);
        this.report();
        tell({ operations: Object.fromEntries(this.operations), codes: Object.fromEntries(this.codes) });
    }

    private report(): void {
        if (this.events.length > 0) tell({ events: this.events });
        this.events = [];
    }
}

export interface Outcome<T> extends Interval {
    readonly answer: T | null;
    readonly error: unknown;
}

export function tell(message: Message): void {
    process.send!(message);
}

function count(counts: Map<string, number>, what: string, by: number): void {
    counts.set(what, (counts.get(what) ?? 0) + by);
}
