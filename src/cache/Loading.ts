import type { Item } from '../client/Item';
import { onAbort } from '../connect/aborts';
import type { LoadLease } from './LoadLease';
import type { Loader } from './LoadOptions';

/** One load of one key in this process: those who wait for it, its signal, its time. */
export class Loading {
    /** Between processes; null while it has none. */
    lease: LoadLease | null = null;
    /** Another process loads, and this one waits. */
    isElsewhere = false;
    private taking: Promise<LoadLease | null> | null = null;
    private readonly controller = new AbortController();
    private readonly outcome: Promise<unknown>;
    private resolve!: (value: unknown) => void;
    private reject!: (reason: unknown) => void;
    /** Callers that may leave, and have not. */
    private leavers = 0;
    /** Somebody waits who cannot leave. */
    private isWaitedFor = false;
    private isBehind = false;
    private isOver = false;

    /**
     * @param stale what the key held, for those who take it
     * @param onOver it has an outcome: nobody may join it any more
     */
    constructor(
        public stale: Item | null,
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

    /** Somebody is told of its outcome. */
    get isAwaited(): boolean {
        return this.isWaitedFor || this.leavers > 0;
    }

    /** Nobody would be told that it fails. */
    get isUnheard(): boolean {
        return this.isBehind && !this.isAwaited && !this.isOver;
    }

    /** @param signal of a caller who may leave; when the last one has left the load is aborted. The rejection of the caller is his own business. */
    join(signal: AbortSignal | null | undefined): Promise<unknown> {
        if (!signal) {
            this.isWaitedFor = true;
            return this.outcome;
        }
        this.leavers++;
        const leave = (): void => {
            this.leavers--;
            if (!this.isAwaited && !this.isBehind) this.abort(signal.reason);
        };
        return this.outcome.finally(onAbort(signal, leave));
    }

    /** It goes on when nobody waits: somebody has been given the stale value. */
    goOn(): void {
        this.isBehind = true;
    }

    /** Whether it has got the lease that it asks for. */
    async take(taking: Promise<LoadLease | null>): Promise<boolean> {
        this.taking = taking;
        this.lease = await taking;
        return this.lease !== null;
    }

    /** Its lease, be it one that memcached has not answered for yet. */
    async release(): Promise<void> {
        await (await this.taking)?.release();
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
            loading.finally(end).then(value => {
                // There is a newer one, also while that is being stored.
                this.stale = null;
                resolve(value);
            }, reject);
        });
    }

    /** Those who wait are told first: the signal may be heard by anybody. */
    abort(reason: unknown): void {
        this.fail(reason);
        this.controller.abort(reason);
    }

    succeed(value: unknown): void {
        this.end();
        this.resolve(value);
    }

    fail(reason: unknown): void {
        this.end();
        this.reject(reason);
    }

    private end(): void {
        if (this.isOver) return;
        this.isOver = true;
        this.onOver();
    }
}
