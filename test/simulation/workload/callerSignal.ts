import type { Entry } from '../schedule/Ledger';
import type { SimProcess } from './SimProcess';

/** Reason of a caller's abort. */
export class CallerAborted extends Error {
    readonly code = 'CALLER_ABORTED';
}

/**
 * Runs a call with a signal that aborts at the planned time, and records that time in the entry.
 */
export async function withCallerSignal<T>(
    process: SimProcess,
    entry: Entry,
    call: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
    const { abortMs } = entry.step;
    if (abortMs === undefined) return call(undefined);
    const controller = new AbortController();
    const timer = process.loop.setTimer(() => {
        entry.notes.set('abortedMs', performance.now());
        controller.abort(new CallerAborted());
    }, abortMs);
    try {
        return await call(controller.signal);
    } finally {
        process.loop.clearTimer(timer);
    }
}
