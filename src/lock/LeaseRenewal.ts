import { onAbort } from '../util/onAbort';
import { MAX_TIMER_MS } from '../util/timers';
import type { Lease } from './Lease';

/** The share of the ttl between a failed extension and the next one. */
const RETRY_SHARE = 1 / 10;
const MIN_PAUSE_MS = 10;

/**
 * The renewal of a lease at each third of its ttl. Its signal aborts when the lease is lost or
 * over, and when the caller's signal aborts. It does not renew a lease that is over, because
 * another holder may have had the lock since.
 */
export class LeaseRenewal {
    private readonly controller = new AbortController();
    private readonly ttlMs: number;
    private isStopped = false;
    private renewTimer: NodeJS.Timeout | undefined;
    private deadlineTimer: NodeJS.Timeout | undefined;
    private renewing: Promise<void> = Promise.resolve();
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
        this.watchDeadline();
        lease.onShortened = () => this.onShortened();
    }

    get signal(): AbortSignal {
        return this.controller.signal;
    }

    /** Stops the renewal. Resolves when no extension is in flight. */
    async stop(): Promise<void> {
        this.end();
        this.stopListening();
        await this.renewing;
    }

    private end(): void {
        this.isStopped = true;
        clearTimeout(this.renewTimer);
        clearTimeout(this.deadlineTimer);
    }

    private renewIn(ms: number): void {
        clearTimeout(this.renewTimer);
        const pauseMs = Math.min(Math.max(ms, MIN_PAUSE_MS), MAX_TIMER_MS);
        this.renewTimer = setTimeout(() => {
            this.renewing = this.renew();
        }, pauseMs);
    }

    /** Aborts the signal at the deadline, which may pass while an extension waits for its reply. */
    private watchDeadline(): void {
        clearTimeout(this.deadlineTimer);
        const ms = Math.min(Math.ceil(this.lease.remaining()), MAX_TIMER_MS);
        this.deadlineTimer = setTimeout(() => {
            if (this.lease.isHeld()) this.watchDeadline();
            else this.onLost();
        }, ms);
    }

    private async renew(): Promise<void> {
        this.renewTimer = undefined;
        // The timer fires late after a blocked event loop or a suspended process.
        if (!this.lease.isHeld()) return this.onLost();
        let isExtended = true;
        let pauseMs = this.ttlMs / 3;
        try {
            isExtended = await this.lease.renew(this.ttlMs);
        } catch {
            pauseMs = Math.min(this.ttlMs * RETRY_SHARE, this.lease.remaining() / 3);
        }
        if (this.isStopped) return;
        if (!isExtended || !this.lease.isHeld()) return this.onLost();
        // The work may have shortened its lease meanwhile, which has set an earlier timer.
        if (this.renewTimer === undefined) this.renewIn(pauseMs);
        this.watchDeadline();
    }

    /** Reacts to work that extends its lease to an earlier end. The next renewal restores the ttl. */
    private onShortened(): void {
        if (this.isStopped) return;
        this.renewIn(this.lease.remaining() / 3);
        this.watchDeadline();
    }

    private onLost(): void {
        if (this.isStopped) return;
        this.end();
        // A lease that the work has released is not lost.
        if (!this.lease.isReleased) this.controller.abort(this.lostError());
    }
}
