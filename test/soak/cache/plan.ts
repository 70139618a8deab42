import { nowMs } from './events';

/** What the processes do. All times are in ms. */
export interface Plan {
    /** The random numbers depend on it. */
    readonly round: number;
    /** The ports by which all processes know the servers. They decide which server a key is on. */
    readonly servers: readonly number[];
    /** `options.max_size` of the instances that evict. */
    readonly maxSize: number;
    /** The mean pause between two `clear` of one process, when it is time for that; null: none calls it. */
    readonly clearEveryMs: number | null;
    /** By the machine's monotonic clock. */
    readonly beganMs: number;
}

export const TIMEOUT_MS = 300;

/** How long the requests that a process sends before it gives up may be on their way. */
export const LONGEST_STALL_MS = 1500;

/** For so long a process may be stopped. */
export const LONGEST_PAUSE_MS = 600;

export const LOAD_TIMEOUT_MS = 2000;
export const STALE_FOR_MS = 5000;

/**
 * What a new process and the parent tell each other: the parent its plan, then the ports by which
 * the process reaches the servers, and in the end `stop`.
 */
export interface Start {
    readonly plan: Plan;
    readonly number: number;
    /** By the ports of the plan: the proxies that stand before the servers for this process. */
    readonly proxies: Readonly<Record<number, number>>;
}

const CLEAR_TIME_MS = 4000;

/**
 * All processes clear now and then for a while, and rest for twice as long. Without a clear that was
 * rejected nothing may be missing.
 */
export function isClearTime({ beganMs }: Plan): boolean {
    return Math.floor((nowMs() - beganMs) / CLEAR_TIME_MS) % 3 === 1;
}
