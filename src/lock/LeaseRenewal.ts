import { MAX_TIMER_MS } from '../util/timers';
import { onAbort } from '../util/onAbort';
import type { Lease } from './Lease';

/** An extension that failed is tried again after this share of the ttl. */
const RETRY_SHARE = 1 / 10;
const SHORTEST_PAUSE_MS = 10;

/**
 * Keeps a lease alive while somebody works under it: extends it at a third of its ttl. Its signal aborts when the lease is lost or its validity has run out, or with
 * the caller's own signal; after that it extends no more.
 */
export class LeaseRenewal {
    private readonly controller = new AbortController();
    private readonly ttlMs: number;
    private isStopped = false;
    private renewTimer: NodeJS.Timeout | null = null;
    private endTimer: NodeJS.Timeout | null = null;
    private running: Promise<void> = Promise.resolve();
    private readonly stopListening: () => void;

    constructor(
        private readonly lease: Lease,
        private readonly lostError: () => Error,
        callerSignal?: AbortSignal,
    ) {
        this.ttlMs = lease.ttl;
        const abort = (): void => this.controller.abort(callerSignal?.reason);
        if (callerSignal?.aborted) abort();
        this.stopListening = callerSignal ? onAbort(callerSignal, abort) : () => {};
        this.renewIn(this.ttlMs / 3);
        this.watchEnd();
    }

    get signal(): AbortSignal {
        return this.controller.signal;
    }

    /** Resolves when no extension is under way. */
    async stop(): Promise<void> {
        this.end();
        this.stopListening();
        await this.running;
    }

    private end(): void {
        this.isStopped = true;
        if (this.renewTimer !== null) clearTimeout(this.renewTimer);
        if (this.endTimer !== null) clearTimeout(this.endTimer);
        this.renewTimer = this.endTimer = null;
    }

    private renewIn(ms: number): void {
        this.renewTimer = setTimeout(
            () => {
                this.running = this.renew();
            },
            Math.min(Math.max(ms, SHORTEST_PAUSE_MS), MAX_TIMER_MS),
        );
    }

    /** Also while an extension waits for its answer. */
    private watchEnd(): void {
        if (this.endTimer !== null) clearTimeout(this.endTimer);
        const ms = Math.min(Math.ceil(this.lease.remaining()), MAX_TIMER_MS);
        this.endTimer = setTimeout(() => {
            if (this.lease.isHeld()) this.watchEnd();
            else this.lose();
        }, ms);
    }

    private async renew(): Promise<void> {
        // Timers are late when the event loop was blocked or the process suspended: somebody else may have had the lock since.
        if (!this.lease.isHeld()) return this.lose();
        let isExtended = true;
        let pauseMs = this.ttlMs / 3;
        try {
            // Who works under the lease may have extended it for longer.
            isExtended = await this.lease.extend(Math.max(this.ttlMs, this.lease.remaining()));
        } catch {
            pauseMs = this.ttlMs * RETRY_SHARE;
        }
        if (this.isStopped) return;
        if (!isExtended || !this.lease.isHeld()) return this.lose();
        this.renewIn(pauseMs);
        this.watchEnd();
    }

    private lose(): void {
        if (this.isStopped) return;
        this.end();
        // The one who works under the lease has released it.
        if (!this.lease.isReleased) this.controller.abort(this.lostError());
    }
}
