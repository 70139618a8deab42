import { HandshakeRejectedError } from '../channel/socketErrors';
import { isAuthFailure, serverDown } from '../model/errors';
import type { ClientSettings } from '../model/ClientOptions';
import { authFailedBefore } from '../protocol/replyErrors';
import { backoffMs } from '../../util/backoff';

const FIRST_PAUSE_MS = 50;

/** The largest share of a pause to subtract at random, to spread the reconnects of clients. */
const JITTER = 1 / 4;

export type BreakerOptions = Pick<ClientSettings, 'failures' | 'reconnectMs' | 'retryMs' | 'observer'>;

/**
 * Whether a server is up, and when the next attempt to connect, or the next probe, may begin. Only
 * a reply to a call closes the circuit. Every fault makes the pause longer.
 *
 * Faults come in rounds, because channels that fail together fail for one cause. A channel belongs
 * to the round in which it last proved that it works. Only a fault of a channel of this round
 * begins the next one.
 */
export class CircuitBreaker {
    faultRound = 0;
    isDown = false;
    lastFault: Error | null = null;
    private faults = 0;
    private notBefore = 0;
    private noGrowthBefore = 0;
    private isRetired = false;
    /** The timer until the next attempt to connect. */
    private timer: NodeJS.Timeout | null = null;

    constructor(
        private readonly address: string,
        private readonly options: BreakerOptions,
    ) {}

    /** Returns whether an attempt to connect may begin. */
    get canConnect(): boolean {
        return this.pauseMs === 0;
    }

    /** Returns whether another channel may open beside those that work. */
    get canGrow(): boolean {
        return performance.now() >= this.noGrowthBefore;
    }

    /** Returns whether probes bring the server back. A retired server that goes down stays down. */
    get needsProbe(): boolean {
        return this.isDown && !this.isRetired;
    }

    get hasRejectedLogin(): boolean {
        return this.isDown && isAuthFailure(this.lastFault);
    }

    get isRetryScheduled(): boolean {
        return this.timer !== null;
    }

    /** Returns the error of a call to a server that is down. */
    downError(): Error {
        const { address, lastFault } = this;
        return this.hasRejectedLogin ? authFailedBefore(address, lastFault!) : serverDown(address, lastFault);
    }

    /** Calls back when the next attempt to connect may begin. */
    scheduleRetry(attempt: () => void): void {
        this.timer = setTimeout(() => {
            this.timer = null;
            attempt();
        }, this.pauseMs);
    }

    cancelRetry(): void {
        if (this.timer !== null) clearTimeout(this.timer);
        this.timer = null;
    }

    /** Returns whether the fault is a new one, and cancels the retry if the server is down. */
    recordFault(fault: Error, round: number): boolean {
        this.lastFault = fault;
        if (round < this.faultRound) return false;
        this.faultRound++;
        this.faults++;
        // With the same password or certificate, a new attempt would fail too, or lock the account.
        const isRejected = isAuthFailure(fault) || fault instanceof HandshakeRejectedError;
        if (isRejected || this.faults >= this.options.failures) this.goDown(fault);
        if (this.isDown) this.cancelRetry();
        const maxMs = this.isDown ? this.options.retryMs : this.options.reconnectMs;
        this.notBefore = performance.now() + pauseBefore(isRejected ? Infinity : this.faults - 2, maxMs);
        return true;
    }

    /** Pauses the growth of the pool after a channel has failed to open while others work. */
    pauseGrowth(): void {
        this.noGrowthBefore = performance.now() + pauseBefore(Infinity, this.options.retryMs);
    }

    /** Marks the server as up, because it has answered a call. */
    recover(): void {
        const wasDown = this.isDown;
        this.reset();
        if (wasDown) process.nextTick(() => this.options.observer.onUp(this.address));
    }

    /** Forgets all faults, and reports nothing. */
    reset(): void {
        this.faults = 0;
        this.notBefore = 0;
        this.lastFault = null;
        this.isDown = false;
        this.cancelRetry();
    }

    /** Stops probing the server, and no longer reports that it is down. */
    retire(): void {
        this.isRetired = true;
        if (this.isDown) this.cancelRetry();
    }

    /** Undoes `retire`. */
    resume(): void {
        this.isRetired = false;
    }

    private goDown(fault: Error): void {
        // `nextTick` keeps an exception of an observer from interrupting the caller.
        if (!this.isDown && !this.isRetired) process.nextTick(() => this.options.observer.onDown(this.address, fault));
        this.isDown = true;
    }

    private get pauseMs(): number {
        return Math.max(0, this.notBefore - performance.now());
    }
}

/** Returns the pause before a retry, 0 before the first one. Later pauses double. */
function pauseBefore(retry: number, maxMs: number): number {
    return retry < 0 ? 0 : backoffMs(retry, { firstMs: FIRST_PAUSE_MS, maxMs, jitter: JITTER });
}
