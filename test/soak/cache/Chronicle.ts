import type { Event } from './events';
import { groupBy } from './groupBy';
import { judge, type Judgement } from './judge';

const BEFORE_MS = 2500;
const AFTER_MS = 20;
const MOST_LINES = 40;

export type Finding = Judgement & { readonly key: string };

/** The events of all processes. */
export class Chronicle {
    private readonly events: Event[] = [];

    /** @param clears whether the caches have `options.clear` */
    constructor(private readonly clears: boolean) {}

    add(events: readonly Event[]): void {
        for (const event of events) this.events.push(event);
    }

    count(isCounted: (event: Event) => boolean): number {
        return this.events.filter(isCounted).length;
    }

    findings(): Finding[] {
        const forAll = this.events.filter(event => !('key' in event));
        const keyed = this.events.filter(event => 'key' in event);
        return [...groupBy(keyed, ({ key }) => key)].flatMap(([key, events]) =>
            judge(key, [...forAll, ...events], this.clears).map(finding => ({ key, ...finding })),
        );
    }

    /**
     * Lists the origin of the found value, and the calls with both values around the finding. Times
     * are relative to the beginning of the finding.
     */
    story({ key, kind, value, after, began, ended }: Finding): string[] {
        const time = (ms: number): string => (ms - began).toFixed(1).padStart(8);
        const events = this.events.filter(event => !('key' in event) || event.key === key);
        const origin = events.filter(event => value !== null && isOrigin(event) && event.value === value);
        const nearest = events
            .filter(event => event.ended > began - BEFORE_MS && event.began < ended + AFTER_MS)
            .filter(event => event.what !== 'found' || [value, after].includes(event.value))
            .sort((a, b) => Math.abs(a.began - began) - Math.abs(b.began - began))
            .slice(0, MOST_LINES);
        const lines = [...new Set([...origin, ...nearest])]
            .sort((a, b) => a.began - b.began)
            .map(event => `${time(event.began)} …${time(event.ended)}  ${describe(event)}`);
        return [`${key}: ${value} ${kind}, after ${after} (0.0 … ${time(ended).trim()})`, ...lines];
    }
}

function isOrigin(event: Event): event is Extract<Event, { what: 'wrote' | 'load' }> {
    return event.what === 'wrote' || event.what === 'load';
}

function describe(event: Event): string {
    switch (event.what) {
        case 'lost':
            return `server ${event.server} is restarted, empty`;
        case 'cleared':
            return `${event.by} clear${event.isDone ? '' : ' is rejected'}`;
        case 'wrote':
            return `${event.by} ${event.verb} ${event.value}${event.isDone ? '' : ' is rejected'}${event.isFleeting ? ' (may be evicted)' : ''}`;
        case 'refused':
            return `${event.by} ${event.verb} ${event.value} → false`;
        case 'load':
            return `${event.by} loader returns ${event.value}`;
        case 'asked':
            return `${event.by} ${event.verb} → ${event.value}${event.wasAway ? ' (memcached was unavailable)' : ''}`;
        case 'found':
        case 'counted':
            return `${event.by} ${event.verb} → ${event.value}`;
    }
}
