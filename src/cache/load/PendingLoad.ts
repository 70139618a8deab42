import type { Item } from '../../client/model/Item';
import type { Fetched } from '../../client/calls/getCalls';
import { onAbort } from '../../util/onAbort';
import type { AnyLease } from './LoadLease';
import type { Loader } from './LoadOptions';

/** The loads that callers may join, by full key. */
export type PendingLoads = Map<string, PendingLoad>;

/**
 * One load of one key in this process, and its callers.
 *
 *     waiting ───── run ─────► loading ── complete ──► storing ──► done
 *        └─ succeed, giveUp, abort ─┴──── fail, abort ───────────────▲
 *
 * - waiting: the load waits for the lease, or for the value of another process
 * - loading: its loader runs
 * - storing: its callers have the value, and memcached does not have it yet
 * - done: the list of loads does not contain it any more
 */
export class PendingLoad {
    /**
     * The lease, or null before the load has one. Without a lease the load does not store its
     * value.
     */
    lease: AnyLease | null = null;
    private phase: 'waiting' | 'loading' | 'storing' | 'done' = 'waiting';
    /** Whether `wait` returns a value, even after the load is done. */
    private hasValue = false;
    private taking: Promise<AnyLease | null> | null = null;
    private storing: Promise<void> | null = null;
    private isClosing = false;
    private readonly controller = new AbortController();
    private readonly outcome: Promise<unknown>;
    private resolve!: (value: unknown) => void;
    private reject!: (reason: unknown) => void;
    /** The number of callers that wait for the outcome and have not aborted. */
    private listeners = 0;
    /** Whether a caller has taken the stale value. Then the load continues without callers. */
    private isBackground = false;

    /** @param onDone runs when callers cannot join the load any more */
    constructor(
        readonly previousItem: Item | null,
        private readonly onDone: () => void,
    ) {
        this.outcome = new Promise((resolve, reject) => {
            this.resolve = resolve;
            this.reject = reject;
        });
        // A load in the background may have no listener.
        this.outcome.catch(() => {});
    }

    get signal(): AbortSignal {
        return this.controller.signal;
    }

    /** Returns whether the load has no outcome yet. */
    get isPending(): boolean {
        return this.phase === 'waiting' || this.phase === 'loading';
    }

    get isLoading(): boolean {
        return this.phase === 'loading';
    }

    /** Returns whether an error of the load would reach no caller. */
    get hasNoListener(): boolean {
        return this.isBackground && this.listeners === 0 && this.isPending;
    }

    /** Returns whether the load takes no lease any more, and waits for no other process. */
    get isEnding(): boolean {
        return this.isClosing || this.signal.aborted;
    }

    /**
     * Returns whether the loaded value answers a caller. `held` is the result of the caller's read,
     * undefined if the read failed. If the lease is gone, another call has stored or removed the
     * value. Then the loaded value may be older.
     */
    answersFor(held: Fetched | undefined): boolean {
        return this.hasValue && (held === undefined || this.lease === null || this.lease.isShownBy(held));
    }

    /** @param signal the caller's signal. If all callers abort, the load aborts too. */
    wait(signal: AbortSignal | null | undefined): Promise<unknown> {
        this.listeners++;
        if (!signal) return this.outcome;
        const leave = (): void => {
            this.listeners--;
            if (this.listeners === 0 && !this.isBackground) this.abort(signal.reason);
        };
        return this.outcome.finally(onAbort(signal, leave));
    }

    keepRunning(): void {
        this.isBackground = true;
    }

    /** Waits for the lease. Returns whether the load has it. */
    async take(taking: Promise<AnyLease | null>): Promise<boolean> {
        this.taking = taking;
        this.lease = await taking;
        return this.lease !== null;
    }

    /** Calls the loader. Drops its result after `timeoutMs`, or after an abort. */
    run(loader: Loader<unknown>, timeoutMs: number, late: () => Error): Promise<unknown> {
        this.phase = 'loading';
        const { signal } = this;
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => this.controller.abort(late()), timeoutMs);
            const stop = (): void => {
                clearTimeout(timer);
                signal.removeEventListener('abort', drop);
            };
            const drop = (): void => {
                stop();
                reject(signal.reason as Error);
            };
            signal.addEventListener('abort', drop);
            const loading = new Promise(settle => settle(loader(signal)));
            loading.finally(stop).then(resolve, reject);
        });
    }

    /**
     * Gives the loader's value to the callers, and waits for its store. Sends the store before any
     * request that a caller sends next.
     */
    async complete(value: unknown, store: (lease: AnyLease) => Promise<void>): Promise<void> {
        // Without a lease another process may have stored a newer value meanwhile.
        if (this.lease !== null) this.storing = store(this.lease);
        this.succeed(value);
        await this.storing;
    }

    /** Gives the value to the callers. After a null, later callers load again. */
    succeed(value: unknown): void {
        if (!this.isPending) return;
        this.phase = 'storing';
        this.hasValue = true;
        this.resolve(value);
        if (value === null) this.end();
    }

    /** Ends without a value. Only a load without listeners may do so. */
    giveUp(): void {
        this.end();
        this.resolve(null);
    }

    /** Rejects the callers before the signal aborts. The signal's listeners may run any code. */
    abort(reason: unknown): void {
        if (!this.isPending) return;
        this.fail(reason);
        this.controller.abort(reason);
    }

    fail(reason: unknown): void {
        this.end();
        this.reject(reason);
    }

    end(): void {
        if (this.phase === 'done') return;
        this.phase = 'done';
        this.onDone();
    }

    /** Releases the lease, even a pending one, or waits for the store of the value. */
    async release(hasFailed = false): Promise<void> {
        const lease = await this.taking;
        if (this.storing !== null) return this.storing;
        await lease?.release(hasFailed);
    }

    /** Lets waiting callers have the loader's value, without a store. Otherwise aborts the load. */
    close(reason: () => Error): Promise<void> {
        this.isClosing = true;
        if (this.listeners === 0) this.abort(reason());
        return this.release();
    }
}
