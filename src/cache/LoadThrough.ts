import { isAway, notOpened } from '../client/errors';
import { Item } from '../client/Item';
import type { Held } from '../client/readCalls';
import { isTraced, loadTracing, trace } from '../client/tracing';
import type { AnyContext } from '../connect/ComponentLog';
import { withTraceId } from '../connect/withTraceId';
import { onAbort } from '../connect/aborts';
import { isLoading, staleSince } from './dated';
import { loadTimeout } from './errors';
import { LEASE_TIMES, type LeaseTimes } from './LoadLease';
import { Loading } from './Loading';
import { checkLoad, DEFAULT_LOAD_TIMEOUT_MS, type Loader, type LoadOptions, type LoadRequest } from './LoadOptions';
import { takeTurn } from './loadTurn';
import { storeLoaded } from './storeLoaded';
import type { ValueStore } from './ValueStore';

const NO_OPTIONS: LoadOptions = {};

/**
 * The value from memcached, or else from its loader, which is called once for all who miss it: in this process they join one `Loading`, between processes a
 * `LoadLease` says who loads. That memcached is away is no error here.
 */
export class LoadThrough {
    /** Also those whose value is still to be stored, or whose lease is to be released. */
    private readonly running = new Set<Loading>();

    constructor(
        private readonly values: ValueStore,
        private readonly leaseTimes: LeaseTimes = LEASE_TIMES,
    ) {}

    /** Nothing has to be stopped. */
    get isIdle(): boolean {
        return this.running.size === 0;
    }

    /** Leases are released. Who waits for a loader gets its value; what nobody waits for is aborted. */
    async stop(): Promise<void> {
        const loads = [...this.running];
        for (const load of loads) {
            if (!load.isAwaited) load.abort(notOpened());
        }
        await Promise.allSettled(loads.map(load => load.release()));
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

    private async find(request: LoadRequest): Promise<unknown> {
        const { values } = this;
        const { context, key } = request;
        let fullKey: string | null = null;
        /** undefined: nobody knows. */
        let held: Held | undefined;
        try {
            const found = values.keys.find(key);
            fullKey = typeof found === 'string' ? found : await found;
            const load = values.loads.size === 0 ? undefined : values.loads.get(fullKey);
            // Who comes while it is loaded does not ask; who comes before that asks for himself, and gets a value of his own.
            if (load === undefined || (load.isElsewhere && request.options.staleFor)) {
                held = await values.client.getText(fullKey);
                values.events.answered(context);
                // It is kept that there is nothing.
                if (held === 'null') {
                    values.events.count('hits');
                    return null;
                }
                const decoding = values.read(context, held);
                const value = decoding instanceof Promise ? ((await decoding) as unknown) : decoding;
                if (value !== null) return value;
            }
        } catch (error) {
            if (!isAway(error)) throw values.failed(context, error);
            values.events.softened(context, error as Error);
        }
        request.options.signal?.throwIfAborted();
        return this.miss(request, fullKey, held);
    }

    /** Joins the load that is under way, or begins one; with `staleFor` nobody has to wait for it. */
    private async miss(request: LoadRequest, fullKey: string | null, held: Held | undefined): Promise<unknown> {
        const { values } = this;
        const { context, options } = request;
        // A key that is not known in full must not be taken for another one: keys have no line breaks.
        const name = fullKey ?? `\n${request.key}`;
        const item = typeof held === 'object' ? held : null;
        let load = values.loads.get(name);
        // One that is under way here may know of a newer one.
        const before = load === undefined || load.isElsewhere ? item : load.stale;
        const stale = options.staleFor && before !== null ? staleSince(before, options.staleFor) : null;
        const isLoadedElsewhere = load === undefined && stale !== null && isLoading(item!);
        if (!isLoadedElsewhere) load ??= this.begin(request, name, fullKey, held);
        if (stale === null) return load!.join(options.signal);
        load?.goOn();
        const value = await values.decode(context, stale);
        if (value !== null) return value;
        return this.miss({ ...request, options: { ...options, staleFor: null } }, fullKey, held);
    }

    private begin(request: LoadRequest, name: string, fullKey: string | null, held: Held | undefined): Loading {
        const { loads } = this.values;
        const load = new Loading(typeof held === 'object' ? held : null, () => {
            if (loads.get(name) === load) loads.delete(name);
        });
        loads.set(name, load);
        this.running.add(load);
        void this.run(load, request, fullKey, held).finally(() => this.running.delete(load));
        return load;
    }

    private async run(
        load: Loading,
        request: LoadRequest,
        fullKey: string | null,
        held: Held | undefined,
    ): Promise<void> {
        const { values } = this;
        const { context, key, loader, options } = request;
        const timeoutMs = options.loadTimeout ?? DEFAULT_LOAD_TIMEOUT_MS;
        try {
            // Memcached that could not be read is not asked for a lease.
            if (held !== undefined) {
                const seen = typeof held === 'string' ? undefined : (held ?? Item.MISS);
                const found = await takeTurn(values, this.leaseTimes, context, fullKey!, load, seen, timeoutMs);
                if (found !== null) return load.succeed(found.value);
            }
            load.signal.throwIfAborted();
            const late = (): Error => withTraceId(loadTimeout(key, timeoutMs), context);
            const value = (await this.timed(key, () => load.call(loader, timeoutMs, late))) ?? null;
            // Without a lease nobody knows what was stored or removed meanwhile: what may be older than that is not stored.
            if (load.lease !== null) await storeLoaded(values, request, fullKey!, load.lease, value);
            load.succeed(value);
        } catch (error) {
            const { isUnheard } = load;
            load.fail(error);
            if (isUnheard) values.events.unrefreshed(context, key, error);
            await load.release().catch(() => {});
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
