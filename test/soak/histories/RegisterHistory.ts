/** The text that a write stores under its key, by its number. null: nothing is stored. */
export type Value = number | null;

/** By any clock that all observers share. */
export interface Interval {
    readonly began: number;
    /** Infinity when the call has not settled. */
    readonly ended: number;
}

/** A call that stores `value`, which no other write of the key does, or removes the key. */
export interface Write extends Interval {
    readonly value: Value;
    /** false: it was rejected or has not settled, so its outcome is unknown. */
    readonly isAcknowledged: boolean;
}

/** A call that found `value`. */
export interface Read extends Interval {
    readonly value: Value;
}

/**
 * - `undone`: an acknowledged write is back, although a later value had taken its place.
 * - `late`: the same with a rejected write, which was carried out after a later one.
 * - `vanished`: a value is gone, and no removal that began or settled later explains it.
 * - `invented`: the value had not been written when the read ended.
 */
export type Kind = 'undone' | 'late' | 'vanished' | 'invented';

export interface Violation extends Read {
    readonly kind: Kind;
    /** What the key held in the meantime; null also for an invented value. */
    readonly after: Value;
}

/** Proof that the key held `value` at some moment of the interval. */
type Claim = Read;

/**
 * All writes and reads of one key, of any number of processes.
 *
 * An acknowledged write and a read both prove that their value was there within their interval. So
 * a value that is known to have been there, then another one, then the first again was carried out
 * twice. A rejected write proves nothing and may be carried out at any time: it is `late` only over
 * a value that was written after the rejection.
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
        const removals = { known: new Removals(this.writes, true), unknown: new Removals(this.writes, false) };
        const held = new Past(this.claims(origins, (read, write) => Math.max(read.began, write?.began ?? -Infinity)));
        const written = new Past(this.claims(origins, (_, write) => write?.began ?? -Infinity));
        const violations: Violation[] = [];
        for (const read of [...this.reads].sort((a, b) => a.began - b.began)) {
            const { value, began, ended } = read;
            const lastHeld = held.latestBut(value, began);
            const lastWritten = written.latestBut(value, began);
            const add = (kind: Kind, { value: after }: Claim): void => void violations.push({ ...read, kind, after });
            if (value === null) {
                const isExplained =
                    lastHeld.began <= removals.known.lastEnd(ended) ||
                    lastWritten.began <= removals.unknown.lastEnd(ended);
                if (!isExplained) add('vanished', lastHeld);
                continue;
            }
            const origin = origins.get(value);
            if (origin === undefined || origin.write.began > ended) add('invented', lastHeld);
            else if (lastHeld.began > origin.proven) add(origin.write.isAcknowledged ? 'undone' : 'late', lastHeld);
            else if (lastWritten.began > origin.write.ended) add('late', lastWritten);
        }
        return violations;
    }

    private origins(): Map<number, Origin> {
        const origins = new Map<number, Origin>();
        for (const write of this.writes) {
            const proven = write.isAcknowledged ? write.ended : Infinity;
            if (write.value !== null) origins.set(write.value, { write, proven });
        }
        for (const { value, ended } of this.reads) {
            const origin = value === null ? undefined : origins.get(value);
            if (origin !== undefined) origin.proven = Math.min(origin.proven, ended);
        }
        return origins;
    }

    /** @param beganOf the moment after which a value that was read must have been there */
    private claims(
        origins: ReadonlyMap<number, Origin>,
        beganOf: (read: Read, write: Write | undefined) => number,
    ): Claim[] {
        const seen = this.reads.map(read => {
            const origin = read.value === null ? undefined : origins.get(read.value);
            return { ...read, began: beganOf(read, origin?.write) };
        });
        return [...this.writes.filter(write => write.isAcknowledged), ...seen];
    }
}

interface Origin {
    readonly write: Write;
    /** The end of the first call that proves that the write was carried out. */
    proven: number;
}

/** Every key is empty before its first write. */
const BEGINNING: Claim = { value: null, began: -Infinity, ended: -Infinity };

/** The claims that ended before a moment which only moves forward. */
class Past {
    private readonly claims: readonly Claim[];
    private at = 0;
    /** The claim that began last, and the one that began last of those with other values. */
    private latest = BEGINNING;
    private other = BEGINNING;

    constructor(claims: Claim[]) {
        this.claims = claims.sort((a, b) => a.ended - b.ended);
    }

    /** The claim that began last of those with another value that ended before `moment`. */
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

/** The acknowledged removals of a key, or those of unknown outcome. */
class Removals {
    private readonly began: number[] = [];
    /** The latest end of the removals up to the same index. */
    private readonly ends: number[] = [];

    constructor(writes: readonly Write[], isAcknowledged: boolean) {
        const removals = writes.filter(write => write.value === null && write.isAcknowledged === isAcknowledged);
        let last = -Infinity;
        for (const { began, ended } of removals.sort((a, b) => a.began - b.began)) {
            last = Math.max(last, ended);
            this.began.push(began);
            this.ends.push(last);
        }
    }

    /** The latest end of the removals that began before this moment. */
    lastEnd(moment: number): number {
        let [from, to] = [0, this.began.length];
        while (from < to) {
            const middle = (from + to) >> 1;
            if (this.began[middle]! < moment) from = middle + 1;
            else to = middle;
        }
        return this.ends[from - 1] ?? -Infinity;
    }
}
