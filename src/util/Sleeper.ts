import { onAbort } from './onAbort';
import { MAX_TIMER_MS } from './timers';

/** Pauses that end when their time is over, when their signal aborts, or when everybody is woken. */
export class Sleeper {
    private readonly sleepers = new Set<() => void>();

    async sleep(ms: number, signal?: AbortSignal): Promise<void> {
        if (signal?.aborted) return;
        await new Promise<void>(resolve => {
            const wake = (): void => {
                clearTimeout(timer);
                stopListening?.();
                this.sleepers.delete(wake);
                resolve();
            };
            const timer = setTimeout(wake, Math.min(ms, MAX_TIMER_MS));
            const stopListening = signal && onAbort(signal, wake);
            this.sleepers.add(wake);
        });
    }

    wakeAll(): void {
        for (const wake of [...this.sleepers]) wake();
    }
}
