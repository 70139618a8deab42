import { HandshakeRejectedError } from '../channel/socketErrors';
import { isAuthFailure } from '../model/errors';

const FIRST_PAUSE_MS = 50;

export interface HealthOptions {
    readonly failures: number;
    readonly reconnectMs: number;
    readonly retryMs: number;
}

/**
 * Whether a server is up, and when it may be tried again. Only a reply makes it well; every fault makes the pause longer.
 *
 * Faults come in rounds: channels that die together die of one cause. A channel belongs to the round in which it last showed that it works, and only a fault of a
 * channel of this round begins the next one.
 */
export class ServerHealth {
    faultRound = 0;
    isDown = false;
    lastFault: Error | null = null;
    private faults = 0;
    private notBefore = 0;
    private noGrowthBefore = 0;
    /** Until the next attempt to connect, or while the server is down until the next probe. */
    private timer: NodeJS.Timeout | null = null;

    constructor(private readonly options: HealthOptions) {}

    /** It is time for an attempt to connect. */
    get canConnect(): boolean {
        return this.pauseMs === 0;
    }

    get isRetryScheduled(): boolean {
        return this.timer !== null;
    }

    /** Until it is time for the next attempt. */
    scheduleRetry(then: () => void): void {
        this.timer = setTimeout(() => {
            this.timer = null;
            then();
        }, this.pauseMs);
    }

    cancelRetry(): void {
        if (this.timer !== null) clearTimeout(this.timer);
        this.timer = null;
    }

    /** The answer is whether the fault is a new one. */
    recordFault(fault: Error, round: number): boolean {
        this.lastFault = fault;
        if (round < this.faultRound) return false;
        this.faultRound++;
        this.faults++;
        // Asking again at once would change neither a wrong password nor a certificate, and might lock the account.
        const isRefused = isRejection(fault);
        if (isRefused || this.faults >= this.options.failures) this.isDown = true;
        const mostMs = this.isDown ? this.options.retryMs : this.options.reconnectMs;
        const doublings = isRefused ? Infinity : this.faults - 2;
        this.notBefore = performance.now() + pause(doublings, mostMs);
        return true;
    }

    /** Whether another channel may be opened beside those that work. */
    get canGrow(): boolean {
        return performance.now() >= this.noGrowthBefore;
    }

    /** A further channel was refused or ignored while others work. Those stay in use, and the pool does not grow for a while. */
    pauseGrowth(): void {
        this.noGrowthBefore = performance.now() + pause(Infinity, this.options.retryMs);
    }

    recover(): void {
        this.faults = 0;
        this.notBefore = 0;
        this.lastFault = null;
        this.isDown = false;
        this.cancelRetry();
    }

    private get pauseMs(): number {
        return Math.max(0, this.notBefore - performance.now());
    }
}

/** The other side said no: to the password, or in the handshake of TLS. */
function isRejection(fault: Error): boolean {
    return isAuthFailure(fault) || fault instanceof HandshakeRejectedError;
}

/** Nothing after the first fault, then doubling up to `mostMs`; jittered, so that many clients do not come back as one. */
function pause(doublings: number, mostMs: number): number {
    if (doublings < 0) return 0;
    return Math.min(mostMs, FIRST_PAUSE_MS * 2 ** doublings) * (0.75 + Math.random() / 4);
}
