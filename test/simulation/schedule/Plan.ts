import type { Loss } from '../memcached/ModelServer';
import type { Direction } from '../network/Network';

/** One call of a verb. Each verb takes of the arguments what it needs. */
export interface Step {
    /** Its number in the plan; what it writes has this number in it. */
    readonly id: number;
    readonly pauseMs: number;
    /** Whether the task waits for it before its next step. */
    readonly isAwaited: boolean;
    readonly verb: string;
    readonly keys: readonly string[];
    /** How long the value is, beside its number. */
    readonly bytes: number;
    /** How long it lives, holds, waits or works. What the unit is depends on the verb. */
    readonly times: readonly number[];
    readonly amount: number;
    /** When the signal of its caller aborts; absent: there is none. */
    readonly abortMs?: number | undefined;
    /** Its loader has no value before its own signal aborts. */
    readonly hangs?: boolean;
}

/** Steps that one process takes one after the other. */
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
    | { readonly kind: 'restart'; readonly server: number; readonly downMs: number; readonly how: 'fin' | 'reset' }
    | { readonly kind: 'suspend'; readonly server: number; readonly forMs: number }
    | { readonly kind: 'slow'; readonly server: number; readonly times: number; readonly forMs: number }
    | { readonly kind: 'full'; readonly server: number; readonly forMs: number }
    | { readonly kind: 'skip'; readonly server: number }
    /** Its logins are refused; those that are logged in stay so. */
    | { readonly kind: 'refuse'; readonly server: number; readonly forMs: number }
    | { readonly kind: 'evict'; readonly server: number; readonly key: string }
    | ({ readonly kind: 'stall'; readonly forMs: number } & Route)
    | ({ readonly kind: 'vanish' } & Route)
    | { readonly kind: 'cut'; readonly server: number; readonly process: number; readonly how: 'fin' | 'reset' }
    /** What is connected now is not served for a while, what is connected later is. */
    | { readonly kind: 'stick'; readonly server: number; readonly process: number; readonly forMs: number }
    /** What becomes of the next replies: the connection ends instead, or they are wrong. */
    | { readonly kind: 'lose'; readonly server: number; readonly process: number; readonly how: Loss }
    | { readonly kind: 'hold'; readonly process: number; readonly forMs: number }
    | { readonly kind: 'kill'; readonly process: number }
    | { readonly kind: 'clock'; readonly process: number; readonly byMs: number }
    /** The process gets another list of servers. */
    | { readonly kind: 'list'; readonly process: number; readonly members: readonly Member[] }
    /** What the process' discovery answers for a while. */
    | { readonly kind: 'discovery'; readonly process: number; readonly how: Trouble; readonly forMs: number }
);

/** A server of a list, and its share of the keys. */
export interface Member {
    readonly server: number;
    readonly weight: number;
}

/** `hang`: never; `slow`: late, and then what it knew when it was asked. */
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

export type Part = 'client' | 'cache' | 'lock';

/** Everything that a schedule is made of, as data: a seed makes one, and shrinking takes parts away. */
export interface Plan {
    readonly seed: number;
    readonly processes: number;
    readonly servers: number;
    readonly hasCas: boolean;
    /** The servers ask for a password. */
    readonly hasLogin: boolean;
    /** `options.fail_soft` of the cache and of the lock. */
    readonly failSoft: boolean;
    readonly requestMs: number;
    readonly latencyMs: number;
    readonly jitterMs: number;
    readonly mostCuts: number;
    readonly windowBytes: number;
    readonly client: ClientPlan;
    /** What each process has of the package. */
    readonly parts: readonly Part[];
    readonly cache: {
        readonly maxSize: number;
        readonly loadTimeoutMs: number;
        readonly hasClear: boolean;
        readonly maxExpirationMs: number;
    };
    readonly lock: { readonly retryTimeoutMs: number };
    /** `options.remove`; and how often discovery is asked, 0: the lists of cache and lock stay. */
    readonly lists: { readonly failover: boolean; readonly discoveryMs: number };
    readonly tasks: readonly Task[];
    readonly faults: readonly Fault[];
}
