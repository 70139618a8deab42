import { formatAddress } from '../../client/model/ServerAddress';
import type { FoundServers, Place } from './Place';

/** The number of equal answers in a row after which a doubtful one counts. */
const CONFIRMATIONS = 3;

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
 * a missing server stays while it is up, until it has been missing three times in a row. If one of
 * them returns meanwhile, the answers are subsets. From then on a server leaves only when it is
 * down, until an answer has all servers again.
 */
export class KeepMissing implements ChangeRule {
    private misses: ReadonlyMap<string, number> = new Map();
    private hasSubsets = false;

    next(known: readonly Place[], { servers }: FoundServers, isUp: (place: Place) => boolean): readonly Place[] {
        const found = new Set(servers.map(formatAddress));
        if ([...this.misses.keys()].some(address => found.has(address))) this.hasSubsets = true;
        const misses = new Map<string, number>();
        const kept = known.filter(place => {
            const address = formatAddress(place);
            if (found.has(address) || !isUp(place)) return false;
            const count = (this.misses.get(address) ?? 0) + 1;
            if (count >= CONFIRMATIONS && !this.hasSubsets) return false;
            misses.set(address, count);
            return true;
        });
        if (misses.size === 0) this.hasSubsets = false;
        this.misses = misses;
        return [...servers, ...kept];
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
