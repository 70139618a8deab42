import type { Interval, Value } from './RegisterHistory';

/** An increment that has returned `value`. */
export interface Count extends Interval {
    readonly value: number;
}

/** A read of the counter. */
export interface CounterRead extends Interval {
    readonly value: Value;
}

interface Answer extends Interval {
    readonly value: Value;
    readonly isCount: boolean;
}

/** A wrong result of an increment or a read. `after` is the greatest earlier result. */
export interface Miscount extends Interval {
    readonly kind: 'twice' | 'back' | 'gone';
    readonly value: Value;
    readonly after: Value;
}

/**
 * The results of one counter. A life of the counter ends when the server loses the counter.
 *
 * Within a life no two increments return the same value. An increment that begins after the end of
 * another increment returns more. A read that begins after a result returns no less.
 */
export class CounterHistory {
    private readonly answers: Answer[] = [];
    private readonly losses: Interval[] = [];

    counted({ value, began, ended }: Count): void {
        this.answers.push({ value, began, ended, isCount: true });
    }

    found({ value, began, ended }: CounterRead): void {
        this.answers.push({ value, began, ended, isCount: false });
    }

    /** Records that the server loses the counter at some moment of the interval, or not at all. */
    lost(interval: Interval): void {
        this.losses.push(interval);
    }

    get answerCount(): number {
        return this.answers.length;
    }

    miscounts(): Miscount[] {
        return this.lives().flatMap(miscountsOf);
    }

    violations(): string[] {
        return this.miscounts().map(({ kind, value, after }) =>
            kind === 'twice' ? `${value} twice` : `${value} after ${after}`,
        );
    }

    /**
     * Returns the results of each life, without results that overlap a loss, because their life is
     * unknown.
     */
    private lives(): Answer[][] {
        const lives = new Map<number, Answer[]>();
        for (const answer of this.answers) {
            const isUnclear = this.losses.some(({ began, ended }) => answer.began < ended && began < answer.ended);
            if (isUnclear) continue;
            const life = this.losses.filter(({ ended }) => ended <= answer.began).length;
            const answers = lives.get(life);
            if (answers === undefined) lives.set(life, [answer]);
            else answers.push(answer);
        }
        return [...lives.values()];
    }
}

function miscountsOf(life: readonly Answer[]): Miscount[] {
    const found: Miscount[] = [];
    const counts = new Set<number>();
    const ended = [...life].sort((a, b) => a.ended - b.ended);
    let [at, most] = [0, -Infinity];
    for (const { value, isCount, ...interval } of [...life].sort((a, b) => a.began - b.began)) {
        for (; at < ended.length && ended[at]!.ended < interval.began; at++) {
            most = Math.max(most, ended[at]!.value ?? -Infinity);
        }
        const note = (kind: Miscount['kind']): void => void found.push({ kind, value, after: most, ...interval });
        if (value === null) {
            if (most > -Infinity) note('gone');
            continue;
        }
        if (isCount && counts.has(value)) note('twice');
        else if (value < most || (isCount && value === most)) note('back');
        if (isCount) counts.add(value);
    }
    return found;
}
