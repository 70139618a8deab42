import { HandshakeRejectedError } from '../channel/socketErrors';
import { authFailed, isAuthFailure, serverDown } from '../model/errors';
import type { ServerObserver } from '../model/ClientOptions';
import { backoffMs } from '../../util/backoff';

const FIRST_PAUSE_MS = 50;

/** Pauses differ by a quarter, so that many clients do not come back as one. */
const JITTER = 1 / 4;

export interface HealthOptions {
    /** Consecutive faults after which the server is down. */
    readonly failures: number;
    /** The longest pause between attempts to connect while the server is up, in ms. */
    readonly reconnectMs: number;
    /** The longest pause between probes of a server that is down, in ms. */
    readonly retryMs: number;
}

/**
 * Whether a server is up, and when the next attempt to connect may begin. Only a reply to a call makes
 * the server healthy. Every fault makes the pause longer.
 *
 * Faults come in rounds: channels that fail together fail for one cause. A channel belongs to the round
 * in which it last proved that it works. Only a fault of a channel of this round begins the next one.
 */
export class ServerHealth {
    faultRound = 0;
    isDown = false;
    lastFault: Error | null = null;
    private faults = 0;
    private notBefore = 0;
    private noGrowthBefore = 0;
    private isRetired = false;
    /** Until the next attempt to connect. */
    private timer: NodeJS.Timeout | null = null;

    constructor(
        private readonly address: string,
        private readonly options: HealthOptions,
        private readonly observer: ServerObserver,
    ) {}

    /** Whether an attempt to connect may begin. */
    get canConnect(): boolean {
        return this.pauseMs === 0;
    }

    /** Whether another channel may be opened beside those that work. */
    get canGrow(): boolean {
        return performance.now() >= this.noGrowthBefore;
    }

    /** Whether probes bring the server back. A retired server that goes down stays down. */
    get needsProbe(): boolean {
        return this.isDown && !this.isRetired;
    }

    get hasRejectedLogin(): boolean {
        return this.isDown && isAuthFailure(this.lastFault);
    }

    get isRetryScheduled(): boolean {
        return this.timer !== null;
    }

    /** Why a call to a server that is down fails. */
    downError(): Error {
        return this.hasRejectedLogin ? authFailed(this.address) : serverDown(this.address, this.lastFault);
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
        // A new attempt would change neither a wrong password nor a certificate, and might lock the
        // account.
        const isRejected = isRejection(fault);
        if (isRejected || this.faults >= this.options.failures) this.goDown(fault);
        if (this.isDown) this.cancelRetry();
        const maxMs = this.isDown ? this.options.retryMs : this.options.reconnectMs;
        this.notBefore = performance.now() + pauseMs(isRejected ? Infinity : this.faults - 2, maxMs);
        return true;
    }

    /** Another channel failed to open while others work: the pool does not grow for a while. */
    pauseGrowth(): void {
        this.noGrowthBefore = performance.now() + pauseMs(Infinity, this.options.retryMs);
    }

    /** The server has answered a call. */
    recover(): void {
        const wasDown = this.isDown;
        this.reset();
        if (wasDown) process.nextTick(() => this.observer.onUp(this.address));
    }

    /** Forgets all faults, and reports nothing. */
    reset(): void {
        this.faults = 0;
        this.notBefore = 0;
        this.lastFault = null;
        this.isDown = false;
        this.cancelRetry();
    }

    /** From now on the server is neither probed nor reported when it goes down. */
    retire(): void {
        this.isRetired = true;
        if (this.isDown) this.cancelRetry();
    }

    /** Ends `retire`. */
    resume(): void {
        this.isRetired = false;
    }

    private goDown(fault: Error): void {
        // Deferred: an exception of an observer must not interrupt the caller.
        if (!this.isDown && !this.isRetired) process.nextTick(() => this.observer.onDown(this.address, fault));
        this.isDown = true;
    }

    private get pauseMs(): number {
        return Math.max(0, this.notBefore - performance.now());
    }
}

/** The server has rejected the password or the TLS handshake. */
function isRejection(fault: Error): boolean {
    return isAuthFailure(fault) || fault instanceof HandshakeRejectedError;
}

/** The first fault has no pause; from the second one on it doubles. */
function pauseMs(retry: number, maxMs: number): number {
    return retry < 0 ? 0 : backoffMs(retry, { firstMs: FIRST_PAUSE_MS, maxMs, jitter: JITTER });
}
