import { formatAddress } from '../../client/model/ServerAddress';
import type { FoundServers, Place } from './Place';

/** The number of equal answers in a row after which a doubtful one counts. */
const CONFIRMATIONS = 3;

/**
 * The number of misses in a row after which a server leaves when answers may be subsets. Of 50,000
 * runs of 20 random answers with 3 of 5 servers, 6 lost 3 runs, and 8 lost none (computed).
 */
const DOUBTFUL_MISSES = 8;

/** The servers of a source, as they follow from its answers. Each rule belongs to one source. */
export interface ChangeRule {
    /**
     * Returns the servers to use after an answer.
     * @param known the servers in use
     */
    next(known: readonly Place[], answer: FoundServers, isUp: (place: Place) => boolean): readonly Place[];
}

/** The rule of a source that always answers with all servers. */
export class TakeEachAnswer implements ChangeRule {
    next(_known: readonly Place[], { servers }: FoundServers): readonly Place[] {
        return servers;
    }
}

/**
 * The rule of DNS. An answer may be a subset: Consul and Route 53 return some servers at random. So
 * a missing server stays while it is up, until it has been missing three times in a row.
 *
 * Two observations prolong that. An answer that names new servers and lacks known ones may be a
 * subset, or a part of a replaced fleet. A missing server then stays for eight misses. A missing
 * server that returns proves subsets. Servers then leave only when they are down. An answer with
 * all servers ends both.
 */
export class KeepMissing implements ChangeRule {
    private misses: ReadonlyMap<string, number> = new Map();
    /** The number of misses in a row after which a server leaves. */
    private patience = CONFIRMATIONS;

    next(known: readonly Place[], { servers }: FoundServers, isUp: (place: Place) => boolean): readonly Place[] {
        const found = new Set(servers.map(formatAddress));
        const missing = known.filter(place => !found.has(formatAddress(place)));
        if ([...this.misses.keys()].some(address => found.has(address))) this.patience = Infinity;
        else if (found.size > known.length - missing.length) this.patience = Math.max(this.patience, DOUBTFUL_MISSES);

        const misses = new Map(missing.filter(isUp).map(place => [formatAddress(place), this.missesOf(place) + 1]));
        for (const [address, count] of misses) if (count >= this.patience) misses.delete(address);
        if (misses.size === 0) this.patience = CONFIRMATIONS;
        this.misses = misses;
        return [...servers, ...missing.filter(place => misses.has(formatAddress(place)))];
    }

    private missesOf(place: Place): number {
        return this.misses.get(formatAddress(place)) ?? 0;
    }
}

/**
 * The rule of a cluster endpoint, whose list has a version. Its nodes learn of a change one after
 * the other, so a lower version is old. It counts when three answers in a row agree on it, or when
 * no known server is up: a cluster that was created again counts from 1.
 */
export class TakeHigherVersion implements ChangeRule {
    private version: bigint | null = null;
    private doubtful = '';
    private doubtfulCount = 0;

    next(known: readonly Place[], answer: FoundServers, isUp: (place: Place) => boolean): readonly Place[] {
        const { version = 0n, servers } = answer;
        const isNewer = this.version === null || version > this.version;
        if (!isNewer && !this.isConfirmed(answer) && known.some(isUp)) return known;
        this.version = version;
        this.doubtfulCount = 0;
        return servers;
    }

    private isConfirmed({ version = 0n, servers }: FoundServers): boolean {
        // The current version is no change, whatever its list says.
        const text = version === this.version ? '' : [version, ...servers.map(formatAddress).sort()].join(' ');
        this.doubtfulCount = text === this.doubtful ? this.doubtfulCount + 1 : 1;
        this.doubtful = text;
        return text !== '' && this.doubtfulCount >= CONFIRMATIONS;
    }
}
