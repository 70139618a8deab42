import type { RingServer } from '../../../src/client/cluster/ketama/HashRing';
import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { homeOf } from '../workload/Homes';
import { World } from '../world/World';
import { isNarrow } from './settling';

/** Faults that mark no server as down. */
const HARMLESS = new Set(['skip', 'evict', 'clock', 'kill', 'list', 'discovery']);
/** Calls that send their only request at once. */
const ONE_REQUEST =
    /^(get|set|add|casAdd|replace|append|prepend|casSet|casDelete|delete|touch|retrieve|store|remove|contains|noop)/;
const SEVERAL_REQUESTS = new Set(['retrieveOrLoad', 'append text', 'prepend text']);

/**
 * Servers that may own a key, according to the lists of the process. With `options.remove` any
 * server may own the key.
 */
export class Places {
    private readonly service: Run['service'];
    private readonly moves: boolean;
    /** Time of the first fault that can mark a server as down. */
    private readonly troubleMs: number;

    constructor({ service }: Run) {
        const { plan } = service;
        this.service = service;
        this.moves = plan.lists.failover;
        const harms = plan.faults.filter(({ kind }) => !HARMLESS.has(kind)).map(({ atMs }) => World.START_MS + atMs);
        this.troubleMs = isNarrow(plan) ? 0 : Math.min(Infinity, ...harms);
    }

    /**
     * Returns the servers for a key of a call. A call with one request uses only its initial list.
     */
    of(entry: Entry, index = 0): readonly string[] {
        const { step, user, fullKeys, startMs, endMs } = entry;
        const isOneRequest = ONE_REQUEST.test(step.verb) && !SEVERAL_REQUESTS.has(step.verb);
        const untilMs = isOneRequest && !this.isGuarded(user) ? startMs : endMs;
        return this.between(user, fullKeys[index]!, startMs, untilMs);
    }

    between(user: string, key: string, fromMs: number, toMs: number): readonly string[] {
        const lists = this.service.lists.between(user, fromMs, toMs);
        if (!this.moves || user.endsWith(' lock') || toMs < this.troubleMs)
            return lists.length === 1 ? [homeOf(lists[0]!, key)] : [...new Set(lists.map(list => homeOf(list, key)))];
        return [...new Set(lists.flatMap(list => list.map(({ host }) => host)))];
    }

    /** Counts the changes of the list during the call. */
    changesDuring({ user, startMs, endMs }: Entry): number {
        return this.service.lists.between(user, startMs, endMs).length - 1;
    }

    /** Returns the listed servers at the start of the call. */
    atStart({ user, startMs }: Entry): readonly string[] {
        const [first, ...others] = this.service.lists.between(user, startMs, startMs);
        const isInAll = ({ host }: RingServer): boolean => others.every(list => list.some(one => one.host === host));
        return first!.filter(isInAll).map(({ host }) => host);
    }

    /** Returns whether a call may fetch the token first, with `options.clear`. */
    private isGuarded(user: string): boolean {
        return this.service.plan.cache.hasClear && user.endsWith(' cache');
    }
}
