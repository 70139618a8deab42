/** Those who wait for the abort of a signal. */
class Leavers extends Set<() => void> {
    readonly abort = (): void => {
        for (const leave of [...this]) leave();
    };
}

const leaversOf = new WeakMap<AbortSignal, Leavers>();

/**
 * Calls `leave` when the signal aborts; the answer ends that. However many wait, the signal has one listener of ours: Node warns of more than ten, and a signal may be
 * that of a request which asks for a hundred keys.
 */
export function onAbort(signal: AbortSignal, leave: () => void): () => void {
    let leavers = leaversOf.get(signal);
    if (leavers === undefined) leaversOf.set(signal, (leavers = new Leavers()));
    const { abort } = leavers;
    if (leavers.size === 0) signal.addEventListener('abort', abort);
    leavers.add(leave);
    return () => {
        leavers.delete(leave);
        if (leavers.size === 0) signal.removeEventListener('abort', abort);
    };
}
