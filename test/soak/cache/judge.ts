import { CounterHistory, type Miscount } from '../histories/CounterHistory';
import { RegisterHistory, type Interval, type Violation } from '../histories/RegisterHistory';
import type { Cleared, Event, Wrote } from './events';
import { kindOf, type Kind } from './keys';
import { LoadHistory, type LoadViolation } from './LoadHistory';
import { LONGEST_STALL_MS } from './plan';

/** The maximum time until the server executes a rejected write. */
const LATE_MS = LONGEST_STALL_MS + 1000;

export type Judgement = Violation | LoadViolation | Miscount;

/**
 * Finds the results that break a promise of the cache.
 * @param events the events of the key, and the events of all keys
 * @param clears whether the caches have `options.clear`
 */
export function judge(key: string, events: readonly Event[], clears: boolean): Judgement[] {
    return judges[kindOf(key)](events, clears);
}

const judges: Record<Kind, (events: readonly Event[], clears: boolean) => Judgement[]> = {
    value: judgeValue,
    load: judgeLoad,
    counter: judgeCounter,
    sum: judgeCounter,
};

function judgeValue(events: readonly Event[]): Violation[] {
    const history = new RegisterHistory();
    const resets = events.filter(({ what }) => what === 'cleared' || what === 'lost');
    for (const event of events) {
        if (event.what === 'found') history.found(event);
        // The first attempt may store a value that the server loses before the second attempt.
        if (event.what === 'refused' && resets.some(reset => overlap(reset, event))) {
            history.wrote({ ...event, isAcknowledged: false });
        }
        const write = writeOf(event);
        if (write !== null) history.wrote({ ...write, isAcknowledged: write.isDone });
    }
    // A rejected removal takes effect within a limited time, so it does not explain a later miss.
    return history.violations().map(found => (found.value === null ? { ...found, kind: 'vanished' } : found));
}

function judgeLoad(events: readonly Event[], clears: boolean): LoadViolation[] {
    const history = new LoadHistory(!clears);
    for (const event of events) {
        if (event.what === 'found') history.found(event);
        else if (event.what === 'load') history.loaded(event);
        else if (event.what === 'asked') history.asks(event);
        const write = writeOf(event);
        if (write !== null) history.wrote(write, write.isDone);
    }
    return history.violations();
}

function judgeCounter(events: readonly Event[]): Miscount[] {
    const history = new CounterHistory();
    for (const event of events) {
        if (event.what === 'counted') history.counted(event);
        else if (event.what === 'found') history.found(event);
        else if (event.what === 'cleared') history.lost(withDelay(event));
        else if (event.what === 'lost') history.lost(event);
    }
    return history.miscounts();
}

type Write = Interval & Pick<Wrote, 'value' | 'by' | 'isDone' | 'isFleeting'>;

/**
 * Returns the write of an event, or null for other events. A restart removes the keys of one server
 * only.
 */
function writeOf(event: Event): Write | null {
    switch (event.what) {
        case 'wrote':
            return { ...event, ...withDelay(event) };
        case 'cleared':
            return { ...event, ...withDelay(event), value: null, isFleeting: false };
        case 'lost':
            return { ...event, value: null, by: '', isDone: false, isFleeting: false };
        default:
            return null;
    }
}

/** Returns the interval in which the server may execute the write. */
function withDelay({ began, ended, isDone }: Wrote | Cleared): Interval {
    return { began, ended: isDone ? ended : ended + LATE_MS };
}

function overlap(one: Interval, other: Interval): boolean {
    return one.began < other.ended && other.began < one.ended;
}
