import type { Call } from './calls/Call';
import type { CasValidity, Placement, StoreOptions } from './model/CallOptions';
import { checkCas, checkExpiry, checkFlags, checkKey, checkValue, isIterable } from './model/validate';
import { invalidBatch, notOpened } from './model/errors';
import { checkServer, type ServerHealthReport } from './server/HealthCheck';
import { Item } from './model/Item';
import { GetCall, GetAndDeleteCall, GetAndTouchCall, readFetched, readItem, type Fetched } from './calls/getCalls';
import { StoreCall, EvictingSetCall, CasStoreCall, type CasReply } from './calls/storeCalls';
import type { StoreSpec } from './model/StoreSpec';
import { CasDeleteCall, DeleteCall, type CasDeleteReply } from './calls/deleteCalls';
import { KeyBatch, type BatchResult, type GetManyResult } from './KeyBatch';
import type { MemcachedServer } from './server/MemcachedServer';
import type { ServerStats } from '../diagnostics/ServerMetrics';
import type { Receipt, StoreAccount } from './model/StoreAccount';
import { Cluster } from './cluster/Cluster';

/** Bytes are not copied: leave them as they are until the call has settled. (memjs copies them.) */
export type ValueInput = string | Uint8Array;

const NO_OPTIONS: StoreOptions & Placement & CasValidity = {};

/**
 * What memjs has no verbs for: items with their CAS, many keys at once, and what our components ask for besides. Promises only; `MemcachedClient` adds memjs's own verbs.
 */
export abstract class Commands extends Cluster {
    private checking: Promise<readonly ServerHealthReport[]> | null = null;

    /** The value with its CAS. */
    gets(key: string, placement?: Placement): Promise<Item> {
        return this.run(key, new GetCall(key, readItem, Item.MISS), placement);
    }

    /** The value as text when it was stored without flags, the item otherwise, null on a miss. Cheaper than `get` for text. */
    getText(key: string): Promise<Fetched> {
        return this.run(key, new GetCall(key, readFetched, null));
    }

    /** Like `getText`, and the key is deleted in the same write. */
    getAndDelete(key: string): Promise<Fetched> {
        return this.run(key, new GetAndDeleteCall(key));
    }

    /** What was found; a key that could not be asked for is in `failed`, with the reason. */
    getMany(keys: readonly string[]): Promise<GetManyResult> {
        return this.batch(keys, async batch => {
            const items = new Map<string, Item>();
            return { items, failed: await batch.get(items, readItem) };
        });
    }

    /** As `getText`, of many; a miss is not in the map. */
    getManyText(keys: readonly string[]): Promise<BatchResult & { readonly held: Map<string, Fetched> }> {
        return this.batch(keys, async batch => {
            const held = new Map<string, Fetched>();
            return { held, failed: await batch.get(held, readFetched) };
        });
    }

    /**
     * `set` for a component that counts what it stores. Once the value is accepted, `account` may name a
     * value to evict: that one is deleted in the same write when it belongs to the same server.
     */
    setCounted(
        key: string,
        value: ValueInput,
        expirySeconds: number,
        flagBits: number,
        account: StoreAccount | null,
    ): Promise<boolean> {
        const { maxKeyBytes, maxValueBytes } = this.settings;
        const problem =
            checkKey(key, maxKeyBytes) ??
            checkValue(value, maxValueBytes) ??
            checkExpiry(expirySeconds) ??
            checkFlags(flagBits);
        if (problem !== null) return Promise.reject(problem);
        const spec = { value, flagBits, expirySeconds };
        const node = this.server(key);
        if (!account) return this.run(key, new StoreCall('set', key, spec));
        const receipt = account.add(key);
        let evicted = account.isOver ? account.evict(this.clock(node)) : null;
        if (evicted !== null && this.server(evicted.key) !== node) {
            this.evict(evicted);
            evicted = null;
        }
        return this.runOn(node, this.guarded(key, new EvictingSetCall(key, spec, account, receipt, evicted)));
    }

    /** Deletes the value, if it is unchanged since it was stored. One that cannot be deleted now expires. */
    evict(receipt: Receipt): void {
        if (receipt.epoch !== 0) this.casDelete(receipt.key, receipt.cas, receipt).catch(() => {});
    }

    /**
     * Stores all of them, each with flags of its own if need be; a key that could not be stored is in `failed`, with the reason.
     * @param account counts them, and may name values to evict
     */
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
            const spec = this.spec(value, { flags, expires: options?.expires });
            if (spec instanceof Error) throw spec;
            keys.push(key);
            specs.push(spec);
        }
        const result = await this.batch(keys, batch => batch.set(specs, account));
        if (account !== null) this.evictSurplus(account);
        return result;
    }

    /** Stores under a key that nobody has, and answers the item's CAS; null: somebody has it. */
    async casAdd(key: string, value: ValueInput, options?: (StoreOptions & Placement) | null): Promise<bigint | null> {
        const { outcome, cas } = await this.casStore(key, value, 0n, options);
        return outcome === 'stored' ? cas : null;
    }

    /** Stores only over the item that has this CAS. */
    casSet(
        key: string,
        value: ValueInput,
        cas: bigint,
        options?: (StoreOptions & Placement & CasValidity) | null,
    ): Promise<CasReply> {
        const problem = checkCas(cas);
        return problem ? Promise.reject(problem) : this.casStore(key, value, cas, options);
    }

    /** Deletes only the item that has this CAS. */
    casDelete(key: string, cas: bigint, options?: (Placement & CasValidity) | null): Promise<CasDeleteReply> {
        const problem = checkCas(cas);
        if (problem) return Promise.reject(problem);
        return this.runCas(key, new CasDeleteCall(key, cas, options?.epoch !== undefined), options);
    }

    /** Deletes what is there of these keys; a key that could not be deleted is in `failed`, with the reason. */
    deleteMany(keys: readonly string[]): Promise<BatchResult> {
        return this.batch(keys, batch => batch.delete());
    }

    /** From this server, whatever the key's own server is; false: there was no such key. */
    deleteAt(server: MemcachedServer, key: string): Promise<boolean> {
        return this.run(key, new DeleteCall(key), { server });
    }

    /** The value, and when it expires from now on. */
    getAndTouch(key: string, expires: number): Promise<Item> {
        const problem = checkExpiry(expires);
        return problem ? Promise.reject(problem) : this.run(key, new GetAndTouchCall(key, expires));
    }

    /** What this client knows of each server, as it is now: nobody is asked. After `close` the counts stay. */
    getStats(): readonly ServerStats[] {
        return this.allServers.map(node => node.getStats());
    }

    /** Asks every server how it is, at once. One that does not say is told of, not rejected; who asks meanwhile gets the same answer. */
    checkHealth(): Promise<readonly ServerHealthReport[]> {
        if (!this.isOpened) return Promise.reject(notOpened());
        this.checking ??= this.track(Promise.all(this.allServers.map(checkServer))).finally(
            () => (this.checking = null),
        );
        return this.checking;
    }

    protected run<T>(key: string, call: Call<T>, placement?: Placement): Promise<T> {
        const problem = checkKey(key, this.settings.maxKeyBytes);
        if (problem !== null) return Promise.reject(problem);
        return this.runOn(this.place(key, placement), this.guarded(key, call));
    }

    protected runCas<T>(key: string, call: Call<T>, options: (Placement & CasValidity) | null | undefined): Promise<T> {
        const problem = checkKey(key, this.settings.maxKeyBytes);
        if (problem !== null) return Promise.reject(problem);
        const { epoch } = options ?? NO_OPTIONS;
        const node = this.place(key, options);
        const guarded = this.guarded(key, call);
        // It is settled by that, and so it will not be sent.
        if (epoch !== undefined && epoch !== node.epoch) guarded.onEpochChange();
        return this.runOn(node, guarded);
    }

    protected spec(value: ValueInput, { expires = 0, flags = 0 }: StoreOptions): StoreSpec | Error {
        const problem = checkValue(value, this.settings.maxValueBytes) ?? checkExpiry(expires) ?? checkFlags(flags);
        return problem ?? { value, flagBits: flags, expirySeconds: expires };
    }

    protected batch<T>(keys: readonly string[], perform: (batch: KeyBatch) => Promise<T>): Promise<T> {
        if (!Array.isArray(keys)) return Promise.reject(invalidBatch('expected a list of keys'));
        if (!this.isOpened) return Promise.reject(notOpened());
        for (const key of keys) {
            const problem = checkKey(key, this.settings.maxKeyBytes);
            if (problem !== null) return Promise.reject(problem);
        }
        return this.track(perform(new KeyBatch(keys, key => this.server(key), this.namespaces)));
    }

    private place(key: string, placement: Placement | null | undefined): MemcachedServer {
        return placement?.server ?? (placement?.pinned ? this.homeServer(key) : this.server(key));
    }

    private guarded<T>(key: string, call: Call<T>): Call<T> {
        return this.namespaces.isEmpty ? call : this.namespaces.guard(key, call);
    }

    private evictSurplus(account: StoreAccount): void {
        const receipts = new Map<string, Receipt>();
        const nowMs = performance.now();
        for (let one = account.evict(nowMs); one !== null; one = account.evict(nowMs)) receipts.set(one.key, one);
        if (receipts.size === 0) return;
        this.batch([...receipts.keys()], batch => batch.evict(receipts)).catch(() => {});
    }

    private casStore(
        key: string,
        value: ValueInput,
        cas: bigint,
        options: (StoreOptions & Placement & CasValidity) | null | undefined,
    ): Promise<CasReply> {
        const spec = this.spec(value, options ?? NO_OPTIONS);
        if (spec instanceof Error) return Promise.reject(spec);
        const call = new CasStoreCall(key, spec, cas, options?.epoch !== undefined);
        return this.runCas(key, call, options);
    }
}
