import { RegisterHistory, type Interval, type Read, type Violation } from '../histories/RegisterHistory';
import type { Asked, Load, Wrote } from './events';
import { groupBy } from './groupBy';
import { LOAD_TIMEOUT_MS, LONGEST_PAUSE_MS, TIMEOUT_MS } from './plan';

/** The longest time that a load takes to store the value after its loader has returned it. */
const STORING_MS = 1200 + LONGEST_PAUSE_MS;

/** The longest load: it waits for another process, then for its own loader, and reads twice. */
const LONGEST_LOAD_MS = 2 * LOAD_TIMEOUT_MS + 2 * TIMEOUT_MS + LONGEST_PAUSE_MS;

/** The longest read. */
const READING_MS = TIMEOUT_MS + LONGEST_PAUSE_MS;

/** From the end of a loader to the date in its value. All processes have the same clock. */
const DATING_MS = 100 + LONGEST_PAUSE_MS;

/** A store or removal, and the instance that made it. A `clear` is a removal. */
type Write = Interval & Pick<Wrote, 'value' | 'by' | 'isFleeting'>;

/**
 * - `overtaken`: an instance returns a value that it began to load before it stored or removed the key.
 * - `unread`: a caller that takes stale values joined a load, although memcached had a stored value.
 */
export type LoadKind = Violation['kind'] | 'overtaken' | 'unread';
export type LoadViolation = Omit<Violation, 'kind'> & { readonly kind: LoadKind };

/**
 * The history of a key that is loaded. A loaded value was read from its origin when the loader began.
 * So no read finds it after a write that began later.
 *
 * The same holds for answers of `retrieveOrLoad`, with the exceptions of docs/cache.md:
 *
 * - A caller may join a load of its own instance. Its answer is as old as the load. After the instance
 *   has stored or removed the key, callers do not join loads that began before. Callers that take
 *   stale values join only after a miss.
 * - Without `options.clear`: if memcached is unavailable while a load runs, a stale value may come from
 *   memory. It is as old as the load.
 */
export class LoadHistory {
    private readonly register = new RegisterHistory();
    private readonly loads = new Map<number, Load>();
    private readonly asked: Asked[] = [];
    private readonly done: Write[] = [];
    /** Writes after which the key may hold nothing. */
    private readonly removals: Interval[] = [];

    /** @param remembers stale values may come from memory */
    constructor(private readonly remembers: boolean) {}

    /** @param isDone false: it was rejected, and may be carried out until `ended` */
    wrote(write: Write, isDone: boolean): void {
        this.register.wrote({ ...write, isAcknowledged: isDone });
        if (isDone) this.done.push(write);
        if (write.value === null || write.isFleeting) this.removals.push(write);
    }

    /** A miss proves nothing: the key may hold a lease or a stale value. */
    found(read: Read): void {
        if (read.value !== null) this.register.found(read);
    }

    loaded(load: Load): void {
        this.loads.set(load.value, load);
        const { value, began } = load;
        this.register.wrote({ value, began, ended: began, isAcknowledged: false });
    }

    asks(asked: Asked): void {
        this.asked.push(asked);
    }

    violations(): LoadViolation[] {
        const found: LoadViolation[] = [];
        const done = new Sorted(this.done);
        const byInstance = groupBy(this.asked, ({ by }) => by);
        for (const asked of byInstance.values()) {
            const others = new Sorted(asked);
            for (const one of asked) {
                if (one.value === null) continue;
                const load = this.loads.get(one.value);
                if (load?.by === one.by && one.began <= load.ended + STORING_MS) {
                    this.register.found({ ...one, began: Math.min(one.began, load.began), isHearsay: true });
                    found.push(...this.judge(one, load, done.beganWithin(load.began, one.began)));
                } else if (one.wasAway && this.remembers) {
                    this.register.found({ ...one, began: one.began - LONGEST_LOAD_MS, isHearsay: true });
                } else {
                    this.register.found({ ...one, began: joinedSince(one, load, others) });
                }
            }
        }
        return [...this.register.violations(), ...found];
    }

    /** Judges the answer of a caller that has joined the load. */
    private judge(asked: Asked, load: Load, writes: readonly Write[]): LoadViolation[] {
        const { by, value, takesStale, wasAway, began, ended } = asked;
        const since = writes.filter(write => write.began > load.began && write.ended < began);
        const own = since.find(write => write.by === by);
        if (own !== undefined) return [{ kind: 'overtaken', value, after: own.value, began, ended }];
        if (!takesStale || wasAway) return [];
        const stays = (write: Write): boolean =>
            !this.removals.some(removal => removal.began < ended && removal.ended > write.began);
        const unread = since.find(write => write.value !== null && !write.isFleeting && stays(write));
        return unread === undefined ? [] : [{ kind: 'unread', value, after: unread.value, began, ended }];
    }
}

/**
 * When the answer may have been read. The caller may have joined a load that gets the value from
 * another process, by a read that was under way when the caller came. Such a value is fresh then.
 * @param others calls of the same instance
 */
function joinedSince({ began }: Asked, load: Load | undefined, others: Sorted<Asked>): number {
    const since = began - READING_MS;
    if (load !== undefined && load.ended + load.freshMs + DATING_MS < since) return began;
    const isUnderWay = ({ ended, takesStale }: Asked): boolean => ended + (takesStale ? LONGEST_LOAD_MS : 0) > began;
    const before = others.beganWithin(began - 2 * LONGEST_LOAD_MS, began);
    return before.some(other => other.began < began && isUnderWay(other)) ? since : began;
}

/** Intervals in the order of their beginnings. */
class Sorted<T extends Interval> {
    private readonly intervals: readonly T[];

    constructor(intervals: readonly T[]) {
        this.intervals = [...intervals].sort((a, b) => a.began - b.began);
    }

    beganWithin(from: number, to: number): readonly T[] {
        return this.intervals.slice(this.indexOf(from), this.indexOf(to));
    }

    /** Of the first interval that does not begin before that. */
    private indexOf(moment: number): number {
        let [from, to] = [0, this.intervals.length];
        while (from < to) {
            const middle = (from + to) >> 1;
            if (this.intervals[middle]!.began < moment) from = middle + 1;
            else to = middle;
        }
        return from;
    }
}
