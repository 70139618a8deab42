import type { Call } from './calls/Call';
import { CounterCall } from './calls/CounterCall';
import { CasDeleteCall, DeleteCall, type CasDeleteReply } from './calls/deleteCalls';
import { GetAndDeleteCall, GetAndTouchCall, GetCall, readFetched, readItem, TouchCall } from './calls/getCalls';
import type { Fetched } from './calls/getCalls';
import { FlushCall, NoopCall, StatCall, VersionCall } from './calls/serverCalls';
import { CasStoreCall, ConcatCall, EvictingSetCall, StoreCall, type CasReply } from './calls/storeCalls';
import type { Cluster, Placement } from './cluster/Cluster';
import { KeyBatch, type BatchResult, type FoundValues, type GetManyResult } from './KeyBatch';
import type { CasValidity, CounterOptions, StoreOptions } from './model/CallOptions';
import { counterContended, invalidBatch, notOpened, lockBehindProxy } from './model/errors';
import { Item } from './model/Item';
import type { Receipt, StoreAccount } from './model/StoreAccount';
import { limitSpec, type StoreSpec } from './model/StoreSpec';
import { checkCas, checkExpiry, checkFlags, checkKey, checkValue, isIterable, toUint64 } from './model/validate';
import type { ConcatMode, CountMode, StoreMode } from './protocol/Protocol';

/** A value to store. The client does not copy bytes. Do not change them until the call settles. */
export type ValueInput = string | Uint8Array;

/** The result of `increment` and `decrement`. */
export interface CounterResult {
    /** Whether there is such a counter. */
    readonly success: boolean;
    /** The value of the counter, null if there is no such counter. */
    readonly value: bigint | null;
}

type CasOptions = Placement & CasValidity;
type CasStoreOptions = StoreOptions & CasOptions;

const NO_OPTIONS: CasStoreOptions = {};
/** The maximum number of tries to create a counter. Each race for it has one winner. */
const MAX_COUNTER_TRIES = 10;

/**
 * The verbs, with promises only. A verb checks its arguments, and gives a call to the right server.
 * The cache and the lock use this class. `MemcachedClient` explains the verbs that users have.
 */
export class Commands {
    readonly limits: { readonly maxKeyBytes: number; readonly maxValueBytes: number };

    /** The same verbs, for requests that a component makes for itself. Traces mark them. */
    readonly internal: Commands;

    constructor(
        readonly cluster: Cluster,
        private readonly isInternal = false,
    ) {
        this.limits = cluster.settings;
        this.internal = isInternal ? this : new Commands(cluster, true);
    }

    gets(key: string, placement?: Placement): Promise<Item> {
        return this.run(key, new GetCall(key, readItem, Item.MISS), placement);
    }

    getText(key: string): Promise<Fetched> {
        return this.run(key, new GetCall<Fetched>(key, readFetched, null));
    }

    getAndDelete(key: string): Promise<Fetched> {
        return this.run(key, new GetAndDeleteCall(key));
    }

    getAndTouch(key: string, expires: number): Promise<Item> {
        const problem = checkExpiry(expires);
        return problem ? Promise.reject(problem) : this.run(key, new GetAndTouchCall(key, expires));
    }

    touch(key: string, expires: number): Promise<boolean> {
        const problem = checkExpiry(expires);
        return problem ? Promise.reject(problem) : this.run(key, new TouchCall(key, expires));
    }

    store(mode: StoreMode, key: string, value: ValueInput, options?: StoreOptions | null): Promise<boolean> {
        const spec = this.toSpec(value, options ?? NO_OPTIONS);
        return spec instanceof Error ? Promise.reject(spec) : this.run(key, new StoreCall(mode, key, spec));
    }

    concat(mode: ConcatMode, key: string, value: ValueInput): Promise<boolean> {
        const problem = checkValue(value, this.limits.maxValueBytes);
        return problem ? Promise.reject(problem) : this.run(key, new ConcatCall(mode, key, value));
    }

    async count(
        mode: CountMode,
        key: string,
        amount: number | bigint,
        options?: CounterOptions | null,
    ): Promise<CounterResult> {
        const { initial = 0, expires = 0 } = options ?? {};
        const problem = checkExpiry(expires);
        if (problem !== null) throw problem;
        const delta = toUint64(amount);
        if (delta instanceof Error) throw delta;
        const first = initial === null ? null : toUint64(initial);
        if (first instanceof Error) throw first;
        let deadlineMs = 0;
        for (let tries = 1; ; tries++) {
            const call = new CounterCall(mode, key, delta, first, expires);
            call.deadlineMs = deadlineMs;
            const value = await this.run(key, call);
            ({ deadlineMs } = call);
            if (value !== 'raced') return { success: value !== null, value };
            if (tries === MAX_COUNTER_TRIES) throw counterContended(this.cluster.server(key).address, tries);
        }
    }

    delete(key: string, placement?: Placement): Promise<boolean> {
        return this.run(key, new DeleteCall(key), placement);
    }

    async casAdd(key: string, value: ValueInput, options?: (StoreOptions & Placement) | null): Promise<bigint | null> {
        const { outcome, cas } = await this.casStore(key, value, 0n, options);
        return outcome === 'stored' ? cas : null;
    }

    casSet(key: string, value: ValueInput, cas: bigint, options?: CasStoreOptions | null): Promise<CasReply> {
        const problem = checkCas(cas);
        return problem ? Promise.reject(problem) : this.casStore(key, value, cas, options);
    }

    casDelete(key: string, cas: bigint, options?: CasOptions | null): Promise<CasDeleteReply> {
        const problem = checkCas(cas);
        if (problem) return Promise.reject(problem);
        return this.run(key, new CasDeleteCall(key, cas, options?.epoch !== undefined), options);
    }

    getMany(keys: readonly string[]): Promise<GetManyResult> {
        return this.batch(keys, async batch => {
            const { found, failed } = await batch.get(readItem);
            const items = new Map<string, Item>();
            found.forEach((item, i) => {
                if (item !== undefined) items.set(batch.keys[i]!, item);
            });
            return { items, failed };
        });
    }

    /** Reads like `getMany`, but returns each value as `getText` does. */
    getManyText(keys: readonly string[]): Promise<FoundValues<Fetched>> {
        return this.batch(keys, batch => batch.get(readFetched));
    }

    /** @param account counts the stored values, and may name values to evict */
    async setMany(
        entries: Iterable<readonly [key: string, value: ValueInput, flags?: number]>,
        options?: StoreOptions | null,
        account: StoreAccount | null = null,
    ): Promise<BatchResult> {
        if (!isIterable(entries)) throw invalidBatch('expected a list of [key, value]');
        const keys: string[] = [];
        const specs: StoreSpec[] = [];
        for (const entry of entries) {
            if (!Array.isArray(entry)) throw invalidBatch('expected each entry to be [key, value]');
            const [key, value, flags = options?.flags] = entry;
            const spec = this.toSpec(value, { flags, expires: options?.expires });
            if (spec instanceof Error) throw spec;
            keys.push(key);
            specs.push(spec);
        }
        const result = await this.batch(keys, batch => batch.set(specs, account));
        if (account !== null) this.evictSurplus(account);
        return result;
    }

    deleteMany(keys: readonly string[]): Promise<BatchResult> {
        return this.batch(keys, batch => batch.delete());
    }

    /**
     * Stores a value for a component that counts its values. When the server accepts the value,
     * `account` may name a value to evict. The same write deletes that value if it is on the same
     * server.
     */
    setCounted(
        key: string,
        value: ValueInput,
        expirySeconds: number,
        flagBits: number,
        account: StoreAccount | null,
    ): Promise<boolean> {
        const { cluster, limits } = this;
        const problem =
            checkKey(key, limits.maxKeyBytes) ??
            checkValue(value, limits.maxValueBytes) ??
            checkExpiry(expirySeconds) ??
            checkFlags(flagBits);
        if (problem !== null) return Promise.reject(problem);
        const spec = { value, flagBits, expirySeconds };
        if (!account) return this.run(key, new StoreCall('set', key, spec));
        const { server, expiryLimit = 0 } = cluster.placeFor(key, null) ?? {};
        const receipt = account.add(key);
        let evicted = account.isOver ? account.evict(cluster.readClock(server)) : null;
        if (evicted !== null && cluster.server(evicted.key) !== server) {
            this.evict(evicted);
            evicted = null;
        }
        const call = new EvictingSetCall(key, limitSpec(spec, expiryLimit), account, receipt, evicted);
        return cluster.send(server, cluster.namespaces.guard(key, call), this.isInternal);
    }

    /** Deletes a value that is unchanged since its store. If this fails, the value expires. */
    evict(receipt: Receipt): void {
        if (receipt.epoch !== 0) this.internal.casDelete(receipt.key, receipt.cas, receipt).catch(() => {});
    }

    async noop(): Promise<void> {
        await Promise.all(this.cluster.sendToAll(() => new NoopCall()).values());
    }

    version(): Map<string, Promise<string>> {
        return this.cluster.sendToAll(() => new VersionCall());
    }

    /** @param group '' for the general statistics, 'reset' to reset them */
    stats(group: string): Map<string, Promise<Record<string, string>>> {
        return this.cluster.sendToAll(() => new StatCall(group));
    }

    flush(): Map<string, Promise<boolean>> {
        return this.cluster.sendToAll(() => new FlushCall());
    }

    private casStore(key: string, value: ValueInput, cas: bigint, options?: CasStoreOptions | null): Promise<CasReply> {
        const spec = this.toSpec(value, options ?? NO_OPTIONS);
        if (spec instanceof Error) return Promise.reject(spec);
        const { epoch, isDirect = false } = options ?? NO_OPTIONS;
        return this.run(key, new CasStoreCall(key, spec, cas, epoch !== undefined, isDirect), options);
    }

    private run<T>(key: string, call: Call<T>, options?: CasOptions | null): Promise<T> {
        const problem = checkKey(key, this.limits.maxKeyBytes);
        if (problem !== null) return Promise.reject(problem);
        const { cluster } = this;
        const epoch = options?.epoch;
        const { server, expiryLimit = 0 } = cluster.placeFor(key, options) ?? {};
        if (expiryLimit > 0) call.limitExpiry(expiryLimit);
        if (options?.isDirect && server?.identity?.isProxy) return Promise.reject(lockBehindProxy(server.address));
        const guarded = cluster.namespaces.guard(key, call);
        // This settles the call as stale. The server does not send settled calls.
        if (epoch !== undefined && epoch !== server?.epoch) guarded.onEpochChange();
        return cluster.send(server, guarded, this.isInternal);
    }

    private toSpec(value: ValueInput, { expires = 0, flags = 0 }: StoreOptions): StoreSpec | Error {
        const problem = checkValue(value, this.limits.maxValueBytes) ?? checkExpiry(expires) ?? checkFlags(flags);
        return problem ?? { value, flagBits: flags, expirySeconds: expires };
    }

    private batch<T>(keys: readonly string[], perform: (batch: KeyBatch) => Promise<T>): Promise<T> {
        if (!Array.isArray(keys)) return Promise.reject(invalidBatch('expected a list of keys'));
        if (!this.cluster.isOpen) return Promise.reject(notOpened());
        for (const key of keys) {
            const problem = checkKey(key, this.limits.maxKeyBytes);
            if (problem !== null) return Promise.reject(problem);
        }
        // The caller may change its list before the last chunk leaves.
        return this.cluster.track(perform(new KeyBatch(keys.slice(), this.cluster, this.isInternal)));
    }

    private evictSurplus(account: StoreAccount): void {
        const receipts = new Map<string, Receipt>();
        const nowMs = performance.now();
        for (let one = account.evict(nowMs); one !== null; one = account.evict(nowMs)) receipts.set(one.key, one);
        if (receipts.size === 0) return;
        this.internal.batch([...receipts.keys()], batch => batch.evict(receipts)).catch(() => {});
    }
}
