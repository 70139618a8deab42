/** Buckets per power of two. The middle of a bucket is at most 1/32 off any value in it. */
const STEPS = 16;
const STEP_BITS = 4;
/** One bucket for each of the first 16 microseconds, then those of 27 powers of two. */
const BUCKETS = 28 * STEPS;

/** A count of durations in microseconds, up to 2^31 - 1, in a fixed number of buckets. */
export class LatencyHistogram {
    /** Doubles, because 30,000 calls per second are more than 2^32 calls after 40 hours. */
    private readonly counts = new Float64Array(BUCKETS);
    count = 0;
    maxUs = 0;

    record(us: number): void {
        const shift = us < STEPS ? 0 : 31 - STEP_BITS - Math.clz32(us);
        this.counts[shift * STEPS + (us >>> shift)]!++;
        this.count++;
        if (us > this.maxUs) this.maxUs = us;
    }

    add(other: LatencyHistogram): void {
        for (let i = 0; i < BUCKETS; i++) this.counts[i]! += other.counts[i]!;
        this.count += other.count;
        this.maxUs = Math.max(this.maxUs, other.maxUs);
    }

    clear(): void {
        this.counts.fill(0);
        this.count = this.maxUs = 0;
    }

    /** Returns a percentile in ms, null without durations. */
    percentile(percent: number): number | null {
        if (this.count === 0) return null;
        let left = Math.max(1, Math.ceil((this.count * percent) / 100));
        let bucket = 0;
        while ((left -= this.counts[bucket]!) > 0) bucket++;
        return Math.min(middleOf(bucket), this.maxUs) / 1000;
    }
}

function middleOf(bucket: number): number {
    if (bucket < 2 * STEPS) return bucket;
    const shift = Math.floor(bucket / STEPS) - 1;
    return (bucket - shift * STEPS + 0.5) * 2 ** shift;
}
