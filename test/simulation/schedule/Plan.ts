import type { Loss } from '../memcached/ModelServer';
import type { Variant } from '../memcached/protocols/FrontEnd';
import type { Direction } from '../network/Network';

/** One call of a verb. Each verb uses only some of the arguments. */
export interface Step {
    /** Number of the step, which its values contain. */
    readonly id: number;
    readonly pauseMs: number;
    /** Whether the task waits for the call before its next step. */
    readonly isAwaited: boolean;
    readonly verb: string;
    readonly keys: readonly string[];
    /** Minimum length of the value. */
    readonly bytes: number;
    /** Durations, whose meaning and unit depend on the verb. */
    readonly times: readonly number[];
    readonly amount: number;
    /** Time until the caller aborts in ms, or undefined without a signal. */
    readonly abortMs?: number | undefined;
    /** Whether the loader waits until its signal aborts. */
    readonly hangs?: boolean;
}

/** Steps that one process runs one after another. */
export interface Task {
    readonly process: number;
    readonly steps: readonly Step[];
}

interface Route {
    readonly process: number;
    readonly server: number;
    readonly direction: Direction;
}

export type Fault = { readonly atMs: number } & (
    | {
          readonly kind: 'restart';
          readonly server: number;
          readonly downMs: number;
          readonly how: 'fin' | 'reset';
          /** Another build, which may speak another protocol. */
          readonly becomes?: Variant;
      }
    | { readonly kind: 'suspend'; readonly server: number; readonly forMs: number }
    | { readonly kind: 'slow'; readonly server: number; readonly times: number; readonly forMs: number }
    | { readonly kind: 'full'; readonly server: number; readonly forMs: number }
    | { readonly kind: 'skip'; readonly server: number }
    /** Refuses new logins and keeps the sessions that have logged in. */
    | { readonly kind: 'refuse'; readonly server: number; readonly forMs: number }
    | { readonly kind: 'evict'; readonly server: number; readonly key: string }
    | ({ readonly kind: 'stall'; readonly forMs: number } & Route)
    | ({ readonly kind: 'vanish' } & Route)
    | { readonly kind: 'cut'; readonly server: number; readonly process: number; readonly how: 'fin' | 'reset' }
    /** Blocks the existing connections for a time, but no new connections. */
    | { readonly kind: 'stick'; readonly server: number; readonly process: number; readonly forMs: number }
    /** Blocks a connection between a store and the request that reads it back. */
    | { readonly kind: 'interrupt'; readonly server: number; readonly process: number; readonly forMs: number }
    /** Loses the next replies (see `Loss`). */
    | { readonly kind: 'lose'; readonly server: number; readonly process: number; readonly how: Loss }
    | { readonly kind: 'hold'; readonly process: number; readonly forMs: number }
    | { readonly kind: 'kill'; readonly process: number }
    | { readonly kind: 'clock'; readonly process: number; readonly byMs: number }
    /** Gives the process another server list. */
    | { readonly kind: 'list'; readonly process: number; readonly members: readonly Member[] }
    /** Disturbs the discovery of the process for a time. */
    | { readonly kind: 'discovery'; readonly process: number; readonly how: Trouble; readonly forMs: number }
);

/** Server of a list with its weight. */
export interface Member {
    readonly server: number;
    readonly weight: number;
}

/**
 * Failures of discovery. With `hang` discovery never answers. With `slow` discovery answers late,
 * with the list at the time of the query.
 */
export type Trouble = 'fail' | 'empty' | 'malformed' | 'hang' | 'slow';

export interface ClientPlan {
    readonly poolSize: number;
    readonly retries: number;
    readonly maxPending: number;
    readonly requestTimeoutMs: number;
    readonly connectTimeoutMs: number;
    readonly reconnectMs: number;
    readonly failures: number;
    readonly retryMs: number;
    readonly idleMs: number;
}

/** Value of `options.protocol`. */
export type ProtocolMode = 'auto' | 'binary' | 'meta';

export type Part = 'client' | 'cache' | 'lock';

/**
 * Description of a schedule as plain data. A seed determines the plan, and shrinking removes parts
 * of it.
 */
export interface Plan {
    readonly seed: number;
    readonly processes: number;
    readonly servers: number;
    /** Protocol of each process. */
    readonly protocols: readonly ProtocolMode[];
    /** Build of each server at the start. */
    readonly variants: readonly Variant[];
    readonly hasCas: boolean;
    /** Whether the servers require a login. */
    readonly hasLogin: boolean;
    /** Value of `options.fail_soft` for the cache and the lock. */
    readonly failSoft: boolean;
    readonly requestMs: number;
    readonly latencyMs: number;
    readonly jitterMs: number;
    readonly maxCuts: number;
    readonly windowBytes: number;
    readonly client: ClientPlan;
    /** Components that each process runs. */
    readonly parts: readonly Part[];
    readonly cache: {
        readonly maxSize: number;
        readonly loadTimeoutMs: number;
        readonly hasClear: boolean;
        readonly maxExpirationMs: number;
    };
    readonly lock: { readonly retryTimeoutMs: number };
    /**
     * `options.remove` and `options.discovery_interval`. 0 means fixed lists for the cache and the
     * lock.
     */
    readonly lists: { readonly failover: boolean; readonly discoveryMs: number };
    readonly tasks: readonly Task[];
    readonly faults: readonly Fault[];
}
