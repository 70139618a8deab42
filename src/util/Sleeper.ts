import { onAbort } from './onAbort';
import { MAX_TIMER_MS } from './timers';

/** Pauses that can be ended together. */
export class Sleeper {
    private readonly sleeping = new Set<() => void>();

    /** Resolves after `ms`, when the signal aborts, or when `wakeAll` is called. */
    async sleep(ms: number, signal?: AbortSignal): Promise<void> {
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
        });
    }

    wakeAll(): void {
        for (const wake of [...this.sleeping]) wake();
    }
}
