import { RegisterHistory, type Interval, type Read, type Violation } from '../histories/RegisterHistory';
import type { Asked, Load, Wrote } from './events';
import { groupBy } from './groupBy';
import { LOAD_TIMEOUT_MS, LONGEST_PAUSE_MS, TIMEOUT_MS } from './plan';

/** The maximum time from the return of a loader to the store of its value. */
const STORING_MS = 1200 + LONGEST_PAUSE_MS;

/** The maximum duration of a load, with a wait for another process, the loader and two reads. */
const LONGEST_LOAD_MS = 2 * LOAD_TIMEOUT_MS + 2 * TIMEOUT_MS + LONGEST_PAUSE_MS;

/** The maximum duration of a read. */
const READING_MS = TIMEOUT_MS + LONGEST_PAUSE_MS;

/**
 * The maximum time from the end of a loader to the date in its value. All processes use the same
 * clock.
 */
const DATING_MS = 100 + LONGEST_PAUSE_MS;

/** A store or removal, and the instance that has made it. A `clear` counts as a removal. */
type Write = Interval & Pick<Wrote, 'value' | 'by' | 'isFleeting'>;

/**
 * - `overtaken`: an instance returns a value whose load begins before a store or removal by this
 *   instance.
 * - `unread`: a caller with `staleFor` joins a load although memcached has a stored value.
 */
export type LoadKind = Violation['kind'] | 'overtaken' | 'unread';
export type LoadViolation = Omit<Violation, 'kind'> & { readonly kind: LoadKind };

/**
 * The history of a key with loads.
 *
 * The loader reads the value from its origin when it begins. No read may find this value after a
 * write that begins later.
 *
 * The same rule applies to results of `retrieveOrLoad`, with these exceptions of docs/cache.md:
 *
 * - A caller may join a load of its own instance. Its result is then as old as the load. After a
 *   store or removal by the instance, callers do not join earlier loads. Callers with `staleFor`
 *   join only after a miss.
 * - Without `options.clear`, a stale value may come from memory if memcached is unavailable. Such a
 *   value is as old as the load.
 */
export class LoadHistory {
    private readonly register = new RegisterHistory();
    private readonly loads = new Map<number, Load>();
    private readonly asked: Asked[] = [];
    private readonly done: Write[] = [];
    /** The writes after which the key may be empty. */
    private readonly removals: Interval[] = [];

    /** @param remembers whether stale values may come from memory */
    constructor(private readonly remembers: boolean) {}

    /** @param isDone whether the write has resolved. Others may take effect until `ended` */
    wrote(write: Write, isDone: boolean): void {
        this.register.wrote({ ...write, isAcknowledged: isDone });
        if (isDone) this.done.push(write);
        if (write.value === null || write.isFleeting) this.removals.push(write);
    }

    /**
     * Records a read. A miss does not prove an empty key, because the key may hold a lease or a
     * stale value.
     */
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

    /** Checks the result of a caller that has joined the load. */
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
 * Returns the earliest time at which memcached may have held the result. The caller may have joined
 * a load that gets the value from another process by an earlier read. A value from another process
 * is fresh at that time.
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

    /** Returns the index of the first interval that begins at this moment or later. */
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
