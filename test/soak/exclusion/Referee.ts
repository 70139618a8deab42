/**
 * The claim of a holder that it holds its lease at some moment between `beforeNs` and `afterNs`.
 * The times are from the monotonic clock of the machine, which all processes share.
 */
export interface Claim {
    readonly pid: number;
    readonly key: string;
    readonly fencingToken: bigint;
    readonly beforeNs: bigint;
    readonly afterNs: bigint;
}

/**
 * One acquisition from the first claim of its holder to the last one. The holder has the lock at
 * both claims.
 */
interface Stay {
    readonly pid: number;
    readonly fencingToken: bigint;
    readonly firstBeforeNs: bigint;
    readonly firstAfterNs: bigint;
    lastBeforeNs: bigint;
    isLeft: boolean;
}

/** Records the claims of all holders, and finds the contradictions. */
export class Referee {
    private readonly keys = new Map<string, Map<bigint, Stay>>();

    claim({ pid, key, fencingToken, beforeNs, afterNs }: Claim): void {
        const stays = this.staysOf(key);
        const stay = stays.get(fencingToken);
        if (stay === undefined) {
            stays.set(fencingToken, {
                pid,
                fencingToken,
                firstBeforeNs: beforeNs,
                firstAfterNs: afterNs,
                lastBeforeNs: beforeNs,
                isLeft: false,
            });
        } else if (stay.pid !== pid) {
            throw new Error(`two processes have fencing token ${fencingToken} of ${key}`);
        } else {
            stay.lastBeforeNs = beforeNs;
        }
    }

    /** Records that the holder is about to release. */
    leave(key: string, fencingToken: bigint): void {
        const stay = this.staysOf(key).get(fencingToken);
        if (stay !== undefined) stay.isLeft = true;
    }

    /** Returns the keys whose lock this process has acquired and not released. */
    heldBy(pid: number): string[] {
        return [...this.keys]
            .filter(([, stays]) => [...stays.values()].some(s => s.pid === pid && !s.isLeft))
            .map(([key]) => key);
    }

    /**
     * Returns the time from a moment to the next certain acquisition in ns, or null without one.
     */
    waitForNext(key: string, sinceNs: bigint): bigint | null {
        const entries = [...this.staysOf(key).values()].map(stay => stay.firstAfterNs).filter(at => at > sinceNs);
        return entries.length === 0 ? null : entries.reduce((a, b) => (a < b ? a : b)) - sinceNs;
    }

    get acquisitions(): number {
        return [...this.keys.values()].reduce((sum, stays) => sum + stays.size, 0);
    }

    /** Returns pairs of holders of one key that are certain at the same time. */
    overlaps(): string[] {
        return this.inOrder((key, earlier, later) =>
            later.firstAfterNs < earlier.lastBeforeNs
                ? `${key}: ${later.fencingToken} entered ${earlier.lastBeforeNs - later.firstAfterNs} ns before ${earlier.fencingToken} had its last claim`
                : null,
        );
    }

    /** Returns pairs of holders of one key where the later holder has no greater token. */
    disorders(): string[] {
        return this.inOrder((key, earlier, later) =>
            later.fencingToken > earlier.fencingToken
                ? null
                : `${key}: ${later.fencingToken} after ${earlier.fencingToken}`,
        );
    }

    private inOrder(compare: (key: string, earlier: Stay, later: Stay) => string | null): string[] {
        const found: string[] = [];
        for (const [key, stays] of this.keys) {
            const sorted = [...stays.values()].sort((a, b) => (a.firstBeforeNs < b.firstBeforeNs ? -1 : 1));
            // A stay may span several others. So the loop also compares each stay with the one
            // whose last claim is latest.
            let longest: Stay | null = null;
            let last: Stay | null = null;
            for (const stay of sorted) {
                for (const earlier of new Set([longest, last])) {
                    const problem = earlier === null ? null : compare(key, earlier, stay);
                    if (problem !== null) found.push(problem);
                }
                if (longest === null || stay.lastBeforeNs > longest.lastBeforeNs) longest = stay;
                last = stay;
            }
        }
        return found;
    }

    private staysOf(key: string): Map<bigint, Stay> {
        let stays = this.keys.get(key);
        if (stays === undefined) this.keys.set(key, (stays = new Map<bigint, Stay>()));
        return stays;
    }
}
