import type { Interval } from './RegisterHistory';

/** An increment that was answered with `value`. */
export interface Count extends Interval {
    readonly value: number;
}

/**
 * The answers of one counter. A life of the counter ends when its server loses it. Within a life no
 * value is answered twice, and an increment that begins after another one is answered with more.
 */
export class CounterHistory {
    private readonly counts: Count[] = [];
    private readonly losses: Interval[] = [];

    counted(count: Count): void {
        this.counts.push(count);
    }

    /** The server loses the counter at some moment of the interval. */
    lost(interval: Interval): void {
        this.losses.push(interval);
    }

    violations(): string[] {
        const found: string[] = [];
        for (const life of this.lives().values()) {
            const seen = new Set<number>();
            const ended = [...life].sort((a, b) => a.ended - b.ended);
            let [at, most] = [0, -Infinity];
            for (const { value, began } of [...life].sort((a, b) => a.began - b.began)) {
                for (; at < ended.length && ended[at]!.ended < began; at++) most = Math.max(most, ended[at]!.value);
                if (seen.has(value)) found.push(`${value} twice`);
                else if (value <= most) found.push(`${value} after ${most}`);
                seen.add(value);
            }
        }
        return found;
    }

    /** A count that overlaps a loss belongs to either life, so it is left out. */
    private lives(): Map<number, Count[]> {
        const lives = new Map<number, Count[]>();
        for (const count of this.counts) {
            const isUnclear = this.losses.some(({ began, ended }) => count.began < ended && began < count.ended);
            if (isUnclear) continue;
            const life = this.losses.filter(({ ended }) => ended <= count.began).length;
            const counts = lives.get(life);
            if (counts === undefined) lives.set(life, [count]);
            else counts.push(count);
        }
        return lives;
    }
}
