import { RegisterHistory, type Interval, type Read, type Violation } from '../histories/RegisterHistory';
import type { Asked, Load, Wrote } from './events';
import { LOAD_TIMEOUT_MS, TIMEOUT_MS } from './plan';

/** After its loader has answered, a load needs so long to store the value, at most. */
const STORING_MS = 2000;

/** A load waits for another process and for its own loader, and reads in between. */
const LONGEST_LOAD_MS = 2 * LOAD_TIMEOUT_MS + 2 * TIMEOUT_MS;

/** Clocks of the processes are the same, but a value is dated a moment after its loader has answered. */
const DATING_MS = 200;

/** An acknowledged store or removal, and the instance that made it; a `clear` is a removal. */
type Done = Interval & Pick<Wrote, 'value' | 'by' | 'isFleeting'>;

/**
 * - `overtaken`: an instance has stored or removed the value, and returns what it had begun to load
 *   before that.
 * - `unread`: a caller that takes stale values has not read a value that was there all the time.
 */
export type LoadKind = Violation['kind'] | 'overtaken' | 'unread';
export type LoadViolation = Omit<Violation, 'kind'> & { readonly kind: LoadKind };

/**
 * The history of a key that is loaded. What a loader returns was read from its origin when the
 * loader began, so it must not be found after anything that was written since.
 *
 * Answers of `retrieveOrLoad` obey the same rule, with the exceptions of docs/cache.md:
 *
 * - A caller may join a load that runs in its process. Its answer is as old as the load. If the same
 *   instance has stored or removed the value since the load began, it must not join. If the caller
 *   takes stale values, it joins only if it found nothing.
 * - A stale value may come from memory if memcached cannot be read while a load runs. It is as old as
 *   the load.
 */
export class LoadHistory {
    private readonly register = new RegisterHistory();
    private readonly loads = new Map<number, Load>();
    private readonly asked: Asked[] = [];
    private readonly done: Done[] = [];
    /** Any of these may leave nothing under the key. */
    private readonly removals: Interval[] = [];

    /** @param isDone false: until `ended` it may be carried out */
    wrote(write: Done, isDone: boolean): void {
        this.register.wrote({ ...write, isAcknowledged: isDone });
        if (isDone) this.done.push(write);
        if (write.value === null) this.removals.push(write);
    }

    /** Nothing found says nothing: a lease or a stale value may be there. */
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

    get readCount(): number {
        return this.register.readCount + this.asked.length;
    }

    violations(): LoadViolation[] {
        const found: LoadViolation[] = [];
        for (const asked of this.asked) {
            if (asked.value === null) continue;
            const load = this.loads.get(asked.value);
            if (load?.by === asked.by && asked.began <= load.ended + STORING_MS) {
                this.register.found({ ...asked, began: Math.min(asked.began, load.began), isHearsay: true });
                found.push(...this.judge(asked, load));
            } else if (asked.wasAway) {
                this.register.found({ ...asked, began: asked.began - LONGEST_LOAD_MS, isHearsay: true });
            } else {
                this.register.found({ ...asked, began: this.joinedSince(asked, load) });
            }
        }
        return [...this.register.violations(), ...found];
    }

    /** Judges the answer of a caller that has joined the load. */
    private judge({ by, value, takesStale, wasAway, began, ended }: Asked, load: Load): LoadViolation[] {
        const since = this.done.filter(write => write.began > load.began && write.ended < began);
        const own = since.find(write => write.by === by);
        if (own !== undefined) return [{ kind: 'overtaken', value, after: own.value, began, ended }];
        if (!takesStale || wasAway) return [];
        const stays = (write: Done): boolean =>
            !this.removals.some(removal => removal.began < ended && removal.ended > write.began);
        const unread = since.find(write => write.value !== null && !write.isFleeting && stays(write));
        return unread === undefined ? [] : [{ kind: 'unread', value, after: unread.value, began, ended }];
    }

    /**
     * The caller may have joined a load that gets the value from another process, by a read that was
     * under way when the caller came. Such a value is fresh at that time.
     */
    private joinedSince({ by, began }: Asked, load: Load | undefined): number {
        const since = began - TIMEOUT_MS;
        if (load !== undefined && load.ended + load.freshMs + DATING_MS < since) return began;
        const isJoined = this.asked.some(other => {
            const isUnderWay = other.ended + (other.takesStale ? LONGEST_LOAD_MS : 0) > began;
            return other.by === by && other.began < began && isUnderWay;
        });
        return isJoined ? since : began;
    }
}
