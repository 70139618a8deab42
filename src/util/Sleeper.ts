import { onAbort } from './onAbort';
import { MAX_TIMER_MS } from './timers';

/** A set of pauses that one call ends. */
export class Sleeper {
    private readonly sleeping = new Set<() => void>();

    /**
     * Waits for `ms`, or until the signal aborts or a caller calls `wakeAll`.
     * @param onAsleep gets a function that ends this pause alone
     */
    async sleep(ms: number, signal?: AbortSignal, onAsleep?: (wake: () => void) => void): Promise<void> {
        if (signal?.aborted) return;
        await new Promise<void>(resolve => {
            const wake = (): void => {
                clearTimeout(timer);
                stopListening?.();
                this.sleeping.delete(wake);
                resolve();
            };
            const timer = setTimeout(wake, Math.min(ms, MAX_TIMER_MS));
            const stopListening = signal && onAbort(signal, wake);
            this.sleeping.add(wake);
            onAsleep?.(wake);
        });
    }

    wakeAll(): void {
        for (const wake of [...this.sleeping]) wake();
    }
}
