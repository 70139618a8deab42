import { isUnavailable, notOpened } from '../../client/model/errors';
import type { Item } from '../../client/model/Item';
import type { Fetched } from '../../client/calls/getCalls';
import type { AnyContext } from '../../component/ComponentLogger';
import { withTraceId } from '../../component/withTraceId';
import { isTraced, loadTracing, trace } from '../../diagnostics/tracing';
import { onAbort } from '../../util/onAbort';
import { settled } from '../../component/settled';
import type { CacheEngine } from '../engine/CacheEngine';
import type { TimeoutMs } from '../model/checkTimeout';
import { loadTimeout } from '../model/errors';
import { isLeased, isPaused } from '../values/loadMarks';
import { staleOrNull } from '../values/staleEnvelope';
import { isStoredNull } from '../values/valueCodec';
import { awaitLease } from './awaitLease';
import { LEASE_TIMES, type LeaseTimes } from './LoadLease';
import { checkLoad, DEFAULT_LOAD_TIMEOUT_MS } from './LoadOptions';
import type { Loader, LoadOptions, LoadRequest, Miss } from './LoadOptions';
import { PendingLoad, type PendingLoads } from './PendingLoad';
import { storeLoaded } from './storeLoaded';

const NO_OPTIONS: LoadOptions = {};

/**
 * The verb that returns the value from memcached, or else from its loader. It calls the loader once
 * for all callers that miss the value. In this process they join one `PendingLoad`. A `LoadLease`
 * decides which process loads. Without memcached the loader answers.
 *
 * The steps of a call, in order:
 *
 * - `find` reads the key, and returns a fresh value.
 * - `miss` joins the load that has its value since before the read, if there is one.
 * - `serveStale` returns the stale value if the caller takes it, and refreshes it.
 * - `joinOrBegin` waits for a load, and begins one if there is none.
 * - `load` takes the lease or the value of another process, runs the loader, and stores its value.
 */
export class LoadThrough {
    /** Unfinished loads, including those that callers cannot join any more. */
    private readonly running = new Set<PendingLoad>();
    /** The number of pending stops. Meanwhile loads take no lease, because a stop misses it. */
    private stops = 0;

    /** @param pending holds the loads that callers may join. Writes to a key detach its load. */
    constructor(
        private readonly engine: CacheEngine,
        private readonly pending: PendingLoads,
        private readonly times: LeaseTimes = LEASE_TIMES,
    ) {}

    /** Returns whether `stop` has nothing to do. */
    get isIdle(): boolean {
        return this.running.size === 0;
    }

    /**
     * Releases the leases, and waits for pending stores and for `others`. Returns null if there is
     * no such work. Callers that wait for a loader get its value. Loads without waiting callers
     * abort.
     */
    stop(others: Promise<void> | null = null): Promise<void> | null {
        return this.isIdle && others === null ? null : this.closeAll(others);
    }

    retrieve(
        context: AnyContext,
        key: string,
        timeout: TimeoutMs,
        loader: Loader<unknown>,
        options: LoadOptions | null | undefined,
    ): Promise<unknown> {
        try {
            checkLoad(timeout, loader, options);
        } catch (error) {
            return Promise.reject(this.engine.reject(context, error));
        }
        const request = { context, key, timeout, loader, options: options ?? NO_OPTIONS };
        const signal = options?.signal;
        return signal ? untilAborted(signal, () => this.find(request)) : this.find(request);
    }

    private async find(request: LoadRequest): Promise<unknown> {
        const { engine } = this;
        const { context, key, options } = request;
        let fullKey: string | null = null;
        let joinable: PendingLoad | undefined;
        let held: Fetched | undefined;
        let epoch = 0;
        try {
            const found = engine.keys.resolve(key);
            fullKey = typeof found === 'string' ? found : await found;
            if (this.pending.size > 0) joinable = this.pending.get(fullKey);
            // Callers that arrive while the loader runs join it without a read. If they take a
            // stale value, they read, because another process may have replaced or removed it.
            if (!joinable?.isPending || options.staleFor) {
                // The key may have another server when the reply comes.
                const server = engine.commands.cluster.server(fullKey);
                held = await engine.commands.getText(fullKey);
                ({ epoch } = server);
                if (isStoredNull(held)) {
                    engine.metrics.onLookup(true);
                    return null;
                }
                const decoding = engine.read(context, held);
                const value = decoding instanceof Promise ? ((await decoding) as unknown) : decoding;
                if (value !== null) return value;
            }
        } catch (error) {
            if (engine.keys.isMoved(error)) return this.find(request);
            if (!isUnavailable(error)) throw engine.reject(context, error);
            engine.metrics.onUnavailable(context, error as Error);
        }
        options.signal?.throwIfAborted();
        return this.miss({ request, fullKey: fullKey ?? `\n${key}`, held, epoch }, joinable);
    }

    /** @param earlier the load that is pending before the read */
    private async miss(miss: Miss, earlier: PendingLoad | undefined): Promise<unknown> {
        const { staleFor, signal } = miss.request.options;
        if (earlier?.answersFor(miss.held)) return earlier.wait(signal);
        if (staleFor) {
            const value = await this.serveStale(miss, earlier, staleFor);
            if (value !== null) return value;
            // `wait` notices only later aborts.
            signal?.throwIfAborted();
        }
        return this.joinOrBegin(miss).wait(signal);
    }

    /** Returns the stale value while one load refreshes it. Returns null if there is none. */
    private async serveStale(miss: Miss, earlier: PendingLoad | undefined, staleForMs: number): Promise<unknown> {
        const { held, request } = miss;
        // Without a read, the load's item in memory counts, unless a clear may have hidden it.
        const item = held !== undefined || this.engine.keys.isGuarded ? held : earlier?.previousItem;
        if (item == null || typeof item === 'string') return null;
        const stale = staleOrNull(item, staleForMs);
        if (stale === null) return null;
        const value = await this.engine.decode(request.context, stale);
        if (value !== null) this.refresh(miss, item);
        return value;
    }

    /**
     * Keeps a load running in the background. Begins none if another process loads, if a load has
     * just failed, or without a read. Without a read, the load has no lease and cannot store.
     */
    private refresh(miss: Miss, item: Item): void {
        let load = this.pending.get(miss.fullKey);
        if (load === undefined) {
            const { seconds, failurePause } = this.times;
            if (miss.held === undefined || isLeased(item, seconds * 1000) || isPaused(item, failurePause.maxMs)) return;
            load = this.begin(miss);
        }
        load.keepRunning();
    }

    private joinOrBegin(miss: Miss): PendingLoad {
        const load = this.pending.get(miss.fullKey);
        const canJoin = load !== undefined && (load.isPending || load.answersFor(miss.held));
        return canJoin ? load : this.begin(miss);
    }

    private begin(miss: Miss): PendingLoad {
        const { pending, running } = this;
        const { fullKey, held } = miss;
        const load = new PendingLoad(typeof held === 'object' ? held : null, () => {
            if (pending.get(fullKey) === load) pending.delete(fullKey);
        });
        pending.set(fullKey, load);
        running.add(load);
        void this.load(load, miss).finally(() => running.delete(load));
        return load;
    }

    private async load(load: PendingLoad, miss: Miss): Promise<void> {
        const { engine } = this;
        const { request } = miss;
        const { context, key, loader, options } = request;
        const timeoutMs = options.loadTimeout ?? DEFAULT_LOAD_TIMEOUT_MS;
        try {
            if (miss.held !== undefined && this.stops === 0) {
                const found = await awaitLease(engine, this.times, load, miss, timeoutMs);
                if (found !== null) return load.succeed(found.value);
            }
            load.signal.throwIfAborted();
            const late = (): Error => withTraceId(loadTimeout(key, timeoutMs), context);
            const value = (await this.timed(key, () => load.run(loader, timeoutMs, late))) ?? null;
            await load.complete(value, lease => storeLoaded(engine, request, lease, value));
        } catch (error) {
            // An aborted load is done, so its loader does not count as failed.
            const { isLoading: hasFailed, hasNoListener } = load;
            load.fail(error);
            if (hasNoListener) engine.metrics.onRefreshFailed(context, key, error);
            await load.release(hasFailed).catch(() => {});
        } finally {
            load.end();
        }
    }

    private async closeAll(others: Promise<void> | null): Promise<void> {
        this.stops++;
        await settled([others, ...[...this.running].map(load => load.close(notOpened))]);
        this.stops--;
    }

    private async timed(key: string, call: () => Promise<unknown>): Promise<unknown> {
        const begunMs = performance.now();
        try {
            if (!isTraced(loadTracing)) return await call();
            return await trace(loadTracing, { key }, call, value => (value == null ? 'nothing' : 'loaded'));
        } finally {
            this.engine.metrics.onLoaded(performance.now() - begunMs);
        }
    }
}

/** Settles as the work does. If the signal aborts first, rejects with its reason. */
function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const ignore = onAbort(signal, () => reject(signal.reason as Error));
        void work().finally(ignore).then(resolve, reject);
    });
}
