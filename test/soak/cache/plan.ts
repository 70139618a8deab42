import { nowMs } from './events';

/** The parameters of a run. All times are in ms. */
export interface Plan {
    /** Each round has separate random numbers. */
    readonly round: number;
    /**
     * The ports under which all processes know the servers. The ports decide the server of a key.
     */
    readonly servers: readonly number[];
    /** The `options.max_size` of the instances that evict. */
    readonly maxSize: number;
    /** Whether the caches have `options.clear`, and the processes call `clear`. */
    readonly clears: boolean;
    /** The start of the run by the monotonic clock of the machine. */
    readonly beganMs: number;
}

/** The first message to a process. The next message ends the process. */
export interface Start {
    readonly plan: Plan;
    readonly number: number;
    /** The ports of the proxies of this process, by the ports of the servers. */
    readonly proxies: Readonly<Record<number, number>>;
}

export const TIMEOUT_MS = 300;

/** The maximum time for which a proxy holds requests. */
export const LONGEST_STALL_MS = 1500;

/** The maximum duration of the suspension of a process. */
export const LONGEST_PAUSE_MS = 600;

export const LOAD_TIMEOUT_MS = 2000;
export const STALE_FOR_MS = 5000;

/** The mean pause of one process between two calls of `clear`, while processes call it. */
export const CLEAR_EVERY_MS = 1500;
const CLEAR_TIME_MS = 4000;

/**
 * Returns whether processes call `clear` now, which they do in one third of the time. After a
 * rejected clear any value may be missing, so the checks are stricter in the rest of the time.
 */
export function isClearTime({ beganMs }: Plan): boolean {
    return Math.floor((nowMs() - beganMs) / CLEAR_TIME_MS) % 3 === 1;
}
