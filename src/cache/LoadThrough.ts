import { isAway, notOpened } from '../client/errors';
import { Item } from '../client/Item';
import type { Held } from '../client/readCalls';
import { isTraced, loadTracing, trace } from '../client/tracing';
import type { AnyContext } from '../connect/ComponentLog';
import { withTraceId } from '../connect/withTraceId';
import { onAbort } from '../connect/aborts';
import { staleSince } from './dated';
import { loadTimeout } from './errors';
import { LEASE_TIMES, type LeaseTimes } from './LoadLease';
import { Loading } from './Loading';
import { checkLoad, DEFAULT_LOAD_TIMEOUT_MS, type Loader, type LoadOptions, type LoadRequest } from './LoadOptions';
import { takeTurn } from './loadTurn';
import { isLeased, isPaused } from './marks';
import { storeLoaded } from './storeLoaded';
import type { ValueStore } from './ValueStore';
import { STORED_NULL } from './values';

const NO_OPTIONS: LoadOptions = {};

/**
 * The value from memcached, or else from its loader, which is called once for all callers that miss
 * it: in this process they join one `Loading`, between processes a `LoadLease` decides which one
 * loads. That memcached is unavailable is no error here.
 *
 *     find      reads; a fresh value is the answer
 *     miss      the stale value if the caller takes it, and a load in the background; or
 *               the caller joins the load, which this begins if there is none
 *     run       one load: its turn among the processes, its loader, its store
 */
export class LoadThrough {
    /** Also those whose value is being stored, or whose lease is being released. */
    private readonly running = new Set<Loading>();
    /** Loads that begin now take no lease: none would be released. */
    private isStopping = false;

    constructor(
        private readonly values: ValueStore,
        private readonly leaseTimes: LeaseTimes = LEASE_TIMES,
    ) {}

    /** Nothing has to be stopped. */
    get isIdle(): boolean {
        return this.running.size === 0;
    }

    /**
     * Releases the leases and waits for values that are being stored. Null if there is nothing to wait for.
     * Callers that wait for a loader get its value; what no caller waits for is aborted.
     */
    stop(): Promise<void> | null {
        return this.isIdle ? null : this.end();
    }

    retrieve(
        context: AnyContext,
        key: string,
        timeout: number | null | undefined,
        loader: Loader<unknown>,
        options: LoadOptions | null | undefined,
    ): Promise<unknown> {
        try {
            checkLoad(timeout, loader, options);
        } catch (error) {
            return Promise.reject(this.values.failed(context, error));
        }
        const request = { context, key, timeout, loader, options: options ?? NO_OPTIONS };
        const signal = options?.signal;
        return signal ? untilAborted(signal, () => this.find(request)) : this.find(request);
    }

    private async end(): Promise<void> {
        this.isStopping = true;
        await Promise.allSettled([...this.running].map(load => load.close(notOpened)));
        this.isStopping = false;
    }

    private async find(request: LoadRequest): Promise<unknown> {
        const { values } = this;
        const { context, key } = request;
        let fullKey: string | null = null;
        let load: Loading | undefined;
        /** undefined: not read. */
        let held: Held | undefined;
        /** Of the server that was read. */
        let generation = 0;
        try {
            const found = values.keys.find(key);
            fullKey = typeof found === 'string' ? found : await found;
            if (values.loads.size > 0) load = values.loads.get(fullKey);
            // Callers that come while the loader runs join it without a read, unless they take a
            // stale value: another process may have replaced or removed that.
            if (load === undefined || !load.isLoading || request.options.staleFor) {
                const server = values.client.server(fullKey);
                held = await values.client.getText(fullKey);
                ({ generation } = server);
                if (held === STORED_NULL.value) {
                    values.events.count('hits');
                    return null;
                }
                const decoding = values.read(context, held);
                const value = decoding instanceof Promise ? ((await decoding) as unknown) : decoding;
                if (value !== null) return value;
            }
        } catch (error) {
            if (values.keys.isMoved(error)) return this.find(request);
            if (!isAway(error)) throw values.failed(context, error);
            values.events.softened(context, error as Error);
        }
        request.options.signal?.throwIfAborted();
        return this.miss(request, fullKey, held, generation, load);
    }

    /** @param load that was under way before the read */
    private async miss(
        request: LoadRequest,
        fullKey: string | null,
        held: Held | undefined,
        generation: number,
        load: Loading | undefined,
    ): Promise<unknown> {
        const { values } = this;
        const { context, options } = request;
        // A key that is not known in full must not be taken for another one: keys have no line breaks.
        const name = fullKey ?? `\n${request.key}`;
        if (load?.answersFor(held)) return load.join(options.signal);
        const item = held === undefined ? this.remembered(load) : typeof held === 'object' ? held : null;
        const stale = options.staleFor && item !== null ? staleSince(item, options.staleFor) : null;
        if (stale !== null) {
            const value = await values.decode(context, stale);
            if (value !== null) {
                this.refresh(request, name, fullKey, held, generation, item!);
                return value;
            }
        }
        const current = values.loads.get(name);
        const mayJoin = current !== undefined && (current.isLoading || current.answersFor(held));
        return (mayJoin ? current : this.begin(request, name, fullKey, held, generation)).join(options.signal);
    }

    /** The stale value that a load has in memory. A clear may have put it out of reach since. */
    private remembered(load: Loading | undefined): Item | null {
        return load === undefined || this.values.keys.isGuarded ? null : load.stale;
    }

    /**
     * Loads in the background, unless a load runs, in this process or in another, or one has just
     * failed, or memcached was not read: then nothing could be stored.
     */
    private refresh(
        request: LoadRequest,
        name: string,
        fullKey: string | null,
        held: Held | undefined,
        generation: number,
        item: Item,
    ): void {
        const { seconds, longestPauseMs } = this.leaseTimes;
        let load = this.values.loads.get(name);
        if (load === undefined) {
            if (held === undefined || isLeased(item, seconds * 1000) || isPaused(item, longestPauseMs)) return;
            load = this.begin(request, name, fullKey, held, generation);
        }
        load.runBehind();
    }

    private begin(
        request: LoadRequest,
        name: string,
        fullKey: string | null,
        held: Held | undefined,
        generation: number,
    ): Loading {
        const { loads } = this.values;
        const load = new Loading(typeof held === 'object' ? held : null, () => {
            if (loads.get(name) === load) loads.delete(name);
        });
        loads.set(name, load);
        this.running.add(load);
        void this.run(load, request, fullKey, held, generation).finally(() => this.running.delete(load));
        return load;
    }

    private async run(
        load: Loading,
        request: LoadRequest,
        fullKey: string | null,
        held: Held | undefined,
        generation: number,
    ): Promise<void> {
        const { values } = this;
        const { context, key, loader, options } = request;
        const timeoutMs = options.loadTimeout ?? DEFAULT_LOAD_TIMEOUT_MS;
        try {
            // Memcached that could not be read is not asked for a lease.
            if (held !== undefined && !this.isStopping) {
                const seen = typeof held === 'string' ? undefined : (held ?? Item.MISS);
                const { leaseTimes } = this;
                const found = await takeTurn(values, leaseTimes, context, fullKey!, load, seen, generation, timeoutMs);
                if (found !== null) return load.succeed(found.value);
            }
            load.signal.throwIfAborted();
            const late = (): Error => withTraceId(loadTimeout(key, timeoutMs), context);
            const value = (await this.timed(key, () => load.call(loader, timeoutMs, late))) ?? null;
            await load.complete(value, lease => storeLoaded(values, request, fullKey!, lease, value));
        } catch (error) {
            // One that was aborted by its callers, or by `close`, is over already.
            const { isLoading: hasFailed, isUnheard } = load;
            load.fail(error);
            if (isUnheard) values.events.unrefreshed(context, key, error);
            await load.release(hasFailed).catch(() => {});
        } finally {
            load.end();
        }
    }

    private async timed(key: string, call: () => Promise<unknown>): Promise<unknown> {
        const begunMs = performance.now();
        try {
            if (!isTraced(loadTracing)) return await call();
            return await trace(loadTracing, { key }, call, value => (value == null ? 'nothing' : 'loaded'));
        } finally {
            this.values.events.loaded(performance.now() - begunMs);
        }
    }
}

/** Rejects with the signal's reason at once; what the work comes to after that is dropped. */
function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const ignore = onAbort(signal, () => reject(signal.reason as Error));
        void work().finally(ignore).then(resolve, reject);
    });
}
