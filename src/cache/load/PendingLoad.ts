import type { Item } from '../../client/model/Item';
import type { Fetched } from '../../client/calls/getCalls';
import { onAbort } from '../../util/onAbort';
import type { LoadLease } from './LoadLease';
import type { Loader } from './LoadOptions';

/**
 * One load of one key in this process: its callers, its signal, its time.
 *
 *     loading ── complete ──► loaded ── end ──► over
 *        └──────── fail, abort, giveUp ──────────┘
 *
 * It is `loaded` while its callers have the value and memcached does not: the value is being stored.
 */
export class PendingLoad {
    /** Between processes; null while it has none. */
    lease: LoadLease | null = null;
    /** Joining it gives a value at once, also when it is over. */
    hasValue = false;
    private phase: 'loading' | 'loaded' | 'over' = 'loading';
    private taking: Promise<LoadLease | null> | null = null;
    private storing: Promise<void> | null = null;
    /** The component is closing: no lease may be taken any more. */
    private isClosed = false;
    private readonly controller = new AbortController();
    private readonly outcome: Promise<unknown>;
    private resolve!: (value: unknown) => void;
    private reject!: (reason: unknown) => void;
    /** Callers that wait for the outcome. */
    private listeners = 0;
    /** A caller has been given the stale value: the load runs on when no caller waits. */
    private isBackground = false;

    /**
     * @param stale what the key held when it began
     * @param onOver the load is over: no caller may join it any more
     */
    constructor(
        readonly stale: Item | null,
        private readonly onOver: () => void,
    ) {
        this.outcome = new Promise((resolve, reject) => {
            this.resolve = resolve;
            this.reject = reject;
        });
        // Perhaps nobody waits for it.
        this.outcome.catch(() => {});
    }

    get signal(): AbortSignal {
        return this.controller.signal;
    }

    /** It has no outcome yet. */
    get isLoading(): boolean {
        return this.phase === 'loading';
    }

    /**
     * Whether its value may answer a caller whose read has found this; undefined: the read failed. If
     * the lease is gone, a value was stored or removed since, and the loaded one may be older.
     */
    answersFor(held: Fetched | undefined): boolean {
        return this.hasValue && (held === undefined || this.lease === null || this.lease.isShownBy(held));
    }

    /** Nobody would be told that it fails. */
    get hasNoListener(): boolean {
        return this.isBackground && this.listeners === 0 && this.isLoading;
    }

    /** No lease is taken, and no other process is waited for, any more. */
    get isEnding(): boolean {
        return this.isClosed || this.signal.aborted;
    }

    /** @param signal of a caller who may leave and rejects by itself; when the last one has left, the load is aborted */
    wait(signal: AbortSignal | null | undefined): Promise<unknown> {
        this.listeners++;
        if (!signal) return this.outcome;
        const leave = (): void => {
            this.listeners--;
            if (this.listeners === 0 && !this.isBackground) this.abort(signal.reason);
        };
        return this.outcome.finally(onAbort(signal, leave));
    }

    /** The load runs on without a caller that waits: one has the stale value. */
    keepRunning(): void {
        this.isBackground = true;
    }

    /** Whether it has got the lease that it asks for. */
    async take(taking: Promise<LoadLease | null>): Promise<boolean> {
        this.taking = taking;
        this.lease = await taking;
        return this.lease !== null;
    }

    /** What the loader gives, in time; what it gives after that, or after `abort`, is dropped. */
    call(loader: Loader<unknown>, timeoutMs: number, late: () => Error): Promise<unknown> {
        const { signal } = this;
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => this.controller.abort(late()), timeoutMs);
            const giveUp = (): void => {
                clearTimeout(timer);
                reject(signal.reason as Error);
            };
            signal.addEventListener('abort', giveUp, { once: true });
            const end = (): void => {
                clearTimeout(timer);
                signal.removeEventListener('abort', giveUp);
            };
            const loading = new Promise(settle => settle(loader(signal)));
            loading.finally(end).then(resolve, reject);
        });
    }

    /**
     * Gives the value to the callers, and resolves when it is stored. It is sent to memcached first:
     * what a caller asks for next comes after it.
     */
    async complete(value: unknown, store: (lease: LoadLease) => Promise<void>): Promise<void> {
        // Without a lease another process may have stored a newer value meanwhile.
        if (this.lease !== null) this.storing = store(this.lease);
        this.succeed(value);
        // There is nothing that later callers could take before it is stored.
        if (value === null) this.end();
        await this.storing;
    }

    succeed(value: unknown): void {
        if (!this.isLoading) return;
        this.phase = 'loaded';
        this.hasValue = true;
        this.resolve(value);
    }

    /** Another process loads, and no caller of this one waits. */
    giveUp(): void {
        this.end();
        this.resolve(null);
    }

    /** Those who wait are told first: the signal may be heard by anybody. */
    abort(reason: unknown): void {
        if (!this.isLoading) return;
        this.fail(reason);
        this.controller.abort(reason);
    }

    fail(reason: unknown): void {
        this.end();
        this.reject(reason);
    }

    end(): void {
        if (this.phase === 'over') return;
        this.phase = 'over';
        this.onOver();
    }

    /** Releases its lease, also one that memcached has not answered for yet. A value that is being stored is waited for. */
    async release(hasFailed = false): Promise<void> {
        const lease = await this.taking;
        if (this.storing !== null) return this.storing;
        await lease?.release(hasFailed);
    }

    /** The component is closing. Callers that wait get the value; what no caller waits for is aborted. */
    close(reason: () => Error): Promise<void> {
        this.isClosed = true;
        if (this.listeners === 0) this.abort(reason());
        return this.release();
    }
}
