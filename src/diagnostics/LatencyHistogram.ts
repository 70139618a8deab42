/** Of each power of two, so many buckets. The middle of a bucket is at most 1/32 away from what was put into it. */
const STEPS = 16;
const STEP_BITS = 4;
/** 27 powers of two after the first 16 microseconds, which have a bucket each. */
const BUCKETS = 28 * STEPS;

/** How often something took how long, in microseconds up to 2^31 - 1: of fixed size, and a few additions to put something in. */
export class LatencyHistogram {
    /** Doubles: a bucket that 30,000 calls per second go to has more than 32 bits of them after 40 hours. */
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

    /** In ms, what so many percent did not exceed; null when there was nothing. */
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
