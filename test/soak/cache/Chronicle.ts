import { CounterHistory, type Miscount } from '../histories/CounterHistory';
import { RegisterHistory, type Interval, type Violation } from '../histories/RegisterHistory';
import type { Cleared, Event, Wrote } from './events';
import { groupBy } from './groupBy';
import { kindOf, type Kind } from './keys';
import { LoadHistory, type LoadViolation } from './LoadHistory';
import { LONGEST_STALL_MS } from './plan';

/** So long after its rejection a write may be carried out. */
const LATE_MS = LONGEST_STALL_MS + 1000;

const BEFORE_MS = 2500;
const AFTER_MS = 20;
const MOST_LINES = 40;

export type Finding = (Violation | LoadViolation | Miscount) & { readonly key: string };

/** The events of all processes, and what is wrong with them. */
export class Chronicle {
    private readonly events: Event[] = [];

    add(events: readonly Event[]): void {
        for (const event of events) this.events.push(event);
    }

    get answerCount(): number {
        return this.events.filter(({ what }) => what === 'found' || what === 'counted' || what === 'asked').length;
    }

    count(isSo: (event: Event) => boolean): number {
        return this.events.filter(isSo).length;
    }

    findings(): Finding[] {
        const forAll = this.events.filter(event => !('key' in event));
        const byKey = groupBy(
            this.events.filter(event => 'key' in event),
            ({ key }) => key,
        );
        return [...byKey].flatMap(([key, events]) =>
            judges[kindOf(key)]([...forAll, ...events]).map(finding => ({ key, ...finding })),
        );
    }

    /** What happened to the key around the finding, in lines. Times are relative to its beginning. */
    story({ key, kind, value, after, began, ended }: Finding): string[] {
        const time = (ms: number): string => (ms - began).toFixed(1).padStart(8);
        const isNear = (event: Event): boolean => event.ended > began - BEFORE_MS && event.began < ended + AFTER_MS;
        const told = this.events.filter(event => !('key' in event) || event.key === key).filter(isNear);
        const isOrigin = (event: Event): boolean =>
            (event.what === 'wrote' || event.what === 'load') && event.value !== null && event.value === value;
        const origin = this.events.filter(event => 'key' in event && event.key === key && isOrigin(event));
        const nearest = told
            .filter(event => !('value' in event) || event.what !== 'found' || [value, after].includes(event.value))
            .sort((a, b) => Math.abs(a.began - began) - Math.abs(b.began - began))
            .slice(0, MOST_LINES);
        const lines = [...new Set([...origin, ...nearest])]
            .sort((a, b) => a.began - b.began)
            .map(event => `${time(event.began)} …${time(event.ended)}  ${describe(event)}`);
        return [`${key}: ${value} ${kind}, after ${after} (0.0 … ${time(ended).trim()})`, ...lines];
    }
}

const judges: Record<Kind, (events: readonly Event[]) => Omit<Finding, 'key'>[]> = {
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
        // It may have stored the value, lost it, and then found another one.
        if (event.what === 'refused' && resets.some(({ began, ended }) => began < event.ended && event.began < ended)) {
            history.wrote({ ...event, isAcknowledged: false });
        }
        const write = toWrite(event);
        if (write !== null) history.wrote({ ...write, isAcknowledged: write.isDone });
    }
    // Rejected removals are late for a limited time, so a miss after that has no reason.
    return history.violations().map(found => (found.value === null ? { ...found, kind: 'vanished' } : found));
}

function judgeLoad(events: readonly Event[]): LoadViolation[] {
    const history = new LoadHistory();
    for (const event of events) {
        if (event.what === 'found') history.found(event);
        else if (event.what === 'load') history.loaded(event);
        else if (event.what === 'asked') history.asks(event);
        const write = toWrite(event);
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

/** What an event writes under each key. A restart is a removal for the keys of one server. */
function toWrite(event: Event): Write | null {
    if (event.what === 'wrote') return { ...event, ...withDelay(event) };
    const removal = { value: null, isFleeting: false };
    if (event.what === 'cleared') {
        return { ...removal, by: event.by, isDone: event.isDone, ...withDelay(event) };
    }
    if (event.what === 'lost') return { ...removal, by: '', isDone: false, began: event.began, ended: event.ended };
    return null;
}

/** Within this time it is carried out, if at all. */
function withDelay({ began, ended, isDone }: Wrote | Cleared): Interval {
    return { began, ended: isDone ? ended : ended + LATE_MS };
}

function describe(event: Event): string {
    switch (event.what) {
        case 'lost':
            return `server ${event.server} is restarted, empty`;
        case 'cleared':
            return `${event.by} clear${event.isDone ? '' : ' is rejected'}`;
        case 'wrote':
            return `${event.by} ${event.verb}${event.isDone ? '' : ' is rejected'} ${event.value}${event.isFleeting ? ' (may be evicted)' : ''}`;
        case 'load':
            return `${event.by} loader returns ${event.value}`;
        case 'asked':
            return `${event.by} ${event.verb} → ${event.value}${event.wasAway ? ' (memcached was unavailable)' : ''}`;
        default:
            return `${event.by} ${event.verb} → ${event.value}`;
    }
}
