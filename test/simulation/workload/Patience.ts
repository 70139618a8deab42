import type { Entry } from '../schedule/Ledger';
import type { SimProcess } from './SimProcess';

/** The reason of a caller's signal. */
export class Impatience extends Error {
    readonly code = 'IMPATIENT';
}

/** Calls with a signal that aborts when the step says so. When it did stands in the entry. */
export async function withPatience<T>(
    process: SimProcess,
    entry: Entry,
    call: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
    const { abortMs } = entry.step;
    if (abortMs === undefined) return call(undefined);
    const controller = new AbortController();
    const timer = process.loop.setTimer(() => {
        entry.notes.set('abortedMs', performance.now());
        controller.abort(new Impatience());
    }, abortMs);
    try {
        return await call(controller.signal);
    } finally {
        process.loop.clearTimer(timer);
    }
}
