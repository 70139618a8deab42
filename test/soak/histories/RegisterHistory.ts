/** The number that a write stores under its key, or null for an empty key. */
export type Value = number | null;

/** An interval of any clock that all observers share. */
export interface Interval {
    readonly began: number;
    /** Infinity if the call has not settled. */
    readonly ended: number;
}

/** A call that removes the key, or stores a value that no other write of the key stores. */
export interface Write extends Interval {
    readonly value: Value;
    /** Whether the write has resolved. The outcome of a rejected or pending write is unknown. */
    readonly isAcknowledged: boolean;
    /** Whether the value may vanish at any time after the write, by expiry or eviction. */
    readonly isFleeting?: boolean;
}

/** A call that has found `value`. */
export interface Read extends Interval {
    readonly value: Value;
    /**
     * Whether the result may come from memory. Such a result does not prove that the key held the
     * value.
     */
    readonly isHearsay?: boolean;
}

/**
 * - `undone`: an acknowledged write reappears after a later value.
 * - `repeated`: like `undone`, but another call stores and replaces the later value while the write
 *   is pending. Only a reader that has found all three values can detect a repeated write.
 * - `late`: the server executes a rejected write after a later write.
 * - `vanished`: a value is missing without a pending removal or a late rejected removal.
 * - `invented`: the read ends before any write of the value begins.
 */
export type Kind = 'undone' | 'repeated' | 'late' | 'vanished' | 'invented';

export interface Violation extends Read {
    readonly kind: Kind;
    /** The value that the key held before the read. */
    readonly after: Value;
}

/** Proof that the key held `value` at some moment of the interval. */
type Claim = Read;

/**
 * All writes and reads of one key by any number of processes.
 *
 * An acknowledged write proves that the key held its value within the interval of the call. A read
 * proves the same about the value that it finds. If proofs show a value, another value, and the
 * first value again, the server has executed the first write twice.
 *
 * A rejected write proves no value, and the server may execute it at any time. The write is `late`
 * only over a value whose write begins after the rejection.
 */
export class RegisterHistory {
    private readonly writes: Write[] = [];
    private readonly reads: Read[] = [];

    wrote(write: Write): void {
        this.writes.push(write);
    }

    found(read: Read): void {
        this.reads.push(read);
    }

    get readCount(): number {
        return this.reads.length;
    }

    violations(): Violation[] {
        const origins = this.origins();
        const removals = new Removals(this.writes);
        const held = new Past(this.claims(origins, (read, write) => Math.max(read.began, write?.began ?? -Infinity)));
        const written = new Past(this.claims(origins, (_, write) => write?.began ?? -Infinity));
        const violations: Violation[] = [];
        for (const read of [...this.reads].sort((a, b) => a.began - b.began)) {
            const { value, began, ended } = read;
            const last = { held: held.latestBut(value, began), written: written.latestBut(value, began) };
            const kind = value === null ? removals.judge(last, origins, ended) : judge(origins.get(value), last, ended);
            if (kind !== null) violations.push({ ...read, kind, after: last.held.value });
        }
        return violations;
    }

    private origins(): Map<number, Origin> {
        const origins = new Map<number, Origin>();
        for (const write of this.writes) {
            if (write.value !== null) origins.set(write.value, { write, seen: Infinity });
        }
        for (const { value, ended, isHearsay } of this.reads) {
            const origin = value === null || isHearsay ? undefined : origins.get(value);
            if (origin !== undefined) origin.seen = Math.min(origin.seen, ended);
        }
        return origins;
    }

    /** @param beganOf returns the earliest moment at which the key held the value of a read */
    private claims(
        origins: ReadonlyMap<number, Origin>,
        beganOf: (read: Read, write: Write | undefined) => number,
    ): Claim[] {
        const proofs = this.reads.filter(({ isHearsay }) => !isHearsay);
        const seen = proofs.map(read => {
            const origin = read.value === null ? undefined : origins.get(read.value);
            return { ...read, began: beganOf(read, origin?.write) };
        });
        return [...this.writes.filter(write => write.isAcknowledged), ...seen];
    }
}

interface Origin {
    readonly write: Write;
    /** The end of the first read that finds the value. */
    seen: number;
}

/** The last proof of another value before a read. */
interface Last {
    readonly held: Claim;
    /**
     * The same claim from the beginning of its write. `held` begins with the read that proves it.
     */
    readonly written: Claim;
}

function judge(origin: Origin | undefined, { held, written }: Last, ended: number): Kind | null {
    if (origin === undefined || origin.write.began > ended) return 'invented';
    const { write, seen } = origin;
    if (write.isAcknowledged && held.began > write.ended) return 'undone';
    if (!write.isAcknowledged && (held.began > Math.max(write.ended, seen) || written.began > write.ended))
        return 'late';
    return held.began > seen ? 'repeated' : null;
}

/** The claim that every key is empty before its first write. */
const BEGINNING: Claim = { value: null, began: -Infinity, ended: -Infinity };

/** The claims that end before a moment, which never moves back. */
class Past {
    private readonly claims: readonly Claim[];
    private at = 0;
    /** The claim that begins last, and the claim with another value that begins last. */
    private latest = BEGINNING;
    private other = BEGINNING;

    constructor(claims: Claim[]) {
        this.claims = claims.sort((a, b) => a.ended - b.ended);
    }

    /** Returns the claim with another value that begins last and ends before `moment`. */
    latestBut(value: Value, moment: number): Claim {
        for (; this.at < this.claims.length && this.claims[this.at]!.ended < moment; this.at++) {
            this.take(this.claims[this.at]!);
        }
        return this.latest.value === value ? this.other : this.latest;
    }

    private take(claim: Claim): void {
        if (claim.began >= this.latest.began) {
            if (claim.value !== this.latest.value) this.other = this.latest;
            this.latest = claim;
        } else if (claim.value !== this.latest.value && claim.began >= this.other.began) {
            this.other = claim;
        }
    }
}

/** Checks reads of an empty key. A fleeting value counts as a removal too. */
class Removals {
    private readonly known: Ends;
    private readonly unknown: Ends;

    constructor(writes: readonly Write[]) {
        const removals = writes
            .filter(({ value, isFleeting }) => value === null || isFleeting)
            .sort((a, b) => a.began - b.began);
        this.known = new Ends(removals.filter(({ isAcknowledged }) => isAcknowledged));
        this.unknown = new Ends(removals.filter(({ isAcknowledged }) => !isAcknowledged));
    }

    judge({ held, written }: Last, origins: ReadonlyMap<number, Origin>, ended: number): Kind | null {
        if (held.value !== null && origins.get(held.value)?.write.isFleeting) return null;
        const rejected = this.unknown.lastOfThoseBefore(ended);
        if (held.began <= this.known.lastOfThoseBefore(ended) || written.began <= rejected) return null;
        return rejected === -Infinity ? 'vanished' : 'late';
    }
}

/** The ends of intervals, in the order of their beginnings. */
class Ends {
    /** The latest end of the intervals up to the same index. */
    private readonly latest: number[] = [];

    constructor(private readonly intervals: readonly Interval[]) {
        let last = -Infinity;
        for (const { ended } of intervals) this.latest.push((last = Math.max(last, ended)));
    }

    /** Returns the latest end of the intervals that begin before this moment. */
    lastOfThoseBefore(moment: number): number {
        let [from, to] = [0, this.intervals.length];
        while (from < to) {
            const middle = (from + to) >> 1;
            if (this.intervals[middle]!.began < moment) from = middle + 1;
            else to = middle;
        }
        return this.latest[from - 1] ?? -Infinity;
    }
}
