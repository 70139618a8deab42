import type { Call } from './Call';
import type { CasValidity, CounterOptions, Placement, StoreOptions } from './CallOptions';
import { checkCas, checkExpiry, checkFlags, checkKey, checkValue, toUint64 } from './checks';
import { notOpened, refused } from './errors';
import { checkServer, type ServerHealthReport } from './HealthCheck';
import { Item } from './Item';
import { GetCall, GetTextCall, GetAndDeleteCall, GetAndTouchCall, TouchCall, toHeld, type Held } from './readCalls';
import {
    StoreCall,
    EvictingSetCall,
    CasStoreCall,
    ConcatCall,
    type StoreSpec,
    type StoreOpcode,
    type CasReply,
} from './storeCalls';
import { DeleteCall, CasDeleteCall, type CasDeleteReply } from './deleteCalls';
import { CounterCall, NO_CREATE } from './CounterCall';
import {
    answer,
    give,
    readCallback,
    readOptions,
    type Callback,
    type CallbackOrExpiry,
    type CounterArguments,
    type CounterCallback,
    type GetCallback,
    type OptionsOrCallback,
} from './callbacks';
import { KeyBatch, type BatchResult, type GetManyResult } from './KeyBatch';
import { Opcode, Status } from './protocol';
import { NoopCall, StatCall, VersionCall } from './serverCalls';
import type { ServerStats } from './ServerCounts';
import { ServerFleet } from './ServerFleet';

/** Bytes are not copied: leave them as they are until the call has settled. (memjs copies them.) */
export type StoredValue = string | Uint8Array;

/** Keeps account of the keys that are stored; the answer is the key that has to go for this one, or null. */
export interface KeyAccount {
    /** The key was stored. */
    add(key: string): string | null;
}

/** What memjs answers to a get: `value` and `flags` are null on a miss. */
export interface GetResult {
    readonly value: Buffer | null;
    readonly flags: Buffer | null;
}

/** What a counter counts. */
export interface CounterResult {
    /** false: there is no such counter. */
    readonly success: boolean;
    readonly value: bigint | null;
}

/** A race for a new counter is lost to one winner at a time: after a few the counter is there. */
const COUNTER_TRIES = 10;

/**
 * A `memjs.Client` over servers of our own: memjs's verbs, in their promise and their callback form, without memjs's transport. Every call settles
 * within `requestTimeoutMs`; one that fails rejects with a coded error; a miss, a key that exists, "not stored" are answers.
 *
 * @example
 * const client = new MemcachedClient([{ host: '127.0.0.1', port: 11211 }]);
 * await client.open();
 * await client.set('greeting', 'hello', { expires: 60 });
 * const { value } = await client.get('greeting');
 * await client.close();
 */
export class MemcachedClient extends ServerFleet {
    private checking: Promise<readonly ServerHealthReport[]> | null = null;

    /** memjs's own: it would give a client with memjs's transport. */
    static create(): never {
        throw new TypeError('use new MemcachedClient([{ host, port }], options)');
    }

    /** The value and its flags, both null on a miss. */
    get(key: string): Promise<GetResult>;
    /** With a callback. */
    get(key: string, callback: GetCallback): void;
    get(key: string, callback?: GetCallback): Promise<GetResult> | void {
        const promise = this.gets(key);
        if (typeof callback !== 'function') return promise;
        answer(
            promise,
            item => callback(null, item.value, item.flags),
            error => callback(error, null, null),
        );
    }

    /** The value with its CAS. */
    gets(key: string, placement?: Placement): Promise<Item> {
        return this.run(key, new GetCall(key), placement);
    }

    /** The value as text when it was stored without flags, the item otherwise, null on a miss. Cheaper than `get` for text. */
    getText(key: string): Promise<Held> {
        return this.run(key, new GetTextCall(key));
    }

    /** Like `getText`, and the key is deleted in the same write. */
    getAndDelete(key: string): Promise<Held> {
        return this.run(key, new GetAndDeleteCall(key));
    }

    /** What was found; a key that could not be asked for is in `failed`, with the reason. */
    getMany(keys: readonly string[]): Promise<GetManyResult> {
        return this.batch(keys, async batch => {
            const items = new Map<string, Item>();
            return { items, failed: await batch.get(items, reply => Item.of(reply)) };
        });
    }

    /** As `getText`, of many; a miss is not in the map. */
    getManyText(keys: readonly string[]): Promise<BatchResult & { readonly held: Map<string, Held> }> {
        return this.batch(keys, async batch => {
            const held = new Map<string, Held>();
            return { held, failed: await batch.get(held, toHeld) };
        });
    }

    /** Stores the value, whatever is there; true. */
    set(key: string, value: StoredValue, options?: StoreOptions): Promise<boolean>;
    /** With a callback. */
    set(key: string, value: StoredValue, options: StoreOptions, callback: Callback<boolean>): void;
    /** memjs's old form. */
    set(key: string, value: StoredValue, callback: Callback<boolean>, expires?: number): void;
    set(key: string, value: StoredValue, a?: OptionsOrCallback, b?: CallbackOrExpiry): Promise<boolean> | void {
        return this.store(Opcode.SET, key, value, a, b);
    }

    /** Only when there is no such key; false: there is. */
    add(key: string, value: StoredValue, options?: StoreOptions): Promise<boolean>;
    add(key: string, value: StoredValue, options: StoreOptions, callback: Callback<boolean>): void;
    add(key: string, value: StoredValue, callback: Callback<boolean>, expires?: number): void;
    add(key: string, value: StoredValue, a?: OptionsOrCallback, b?: CallbackOrExpiry): Promise<boolean> | void {
        return this.store(Opcode.ADD, key, value, a, b);
    }

    /** Only when there is such a key; false: there is not. */
    replace(key: string, value: StoredValue, options?: StoreOptions): Promise<boolean>;
    replace(key: string, value: StoredValue, options: StoreOptions, callback: Callback<boolean>): void;
    replace(key: string, value: StoredValue, callback: Callback<boolean>, expires?: number): void;
    replace(key: string, value: StoredValue, a?: OptionsOrCallback, b?: CallbackOrExpiry): Promise<boolean> | void {
        return this.store(Opcode.REPLACE, key, value, a, b);
    }

    /**
     * `set` for a component that keeps account of its keys. Once the value is accepted `account` is told, and may name a key that has to go for it: that is deleted
     * in the same write when it belongs to the same server.
     */
    setCounted(
        key: string,
        value: StoredValue,
        expirySeconds: number,
        flagBits: number,
        account: KeyAccount | null,
    ): Promise<boolean> {
        const { maxKeyBytes, maxValueBytes } = this.settings;
        const problem = checkKey(key, maxKeyBytes) ?? checkValue(value, maxValueBytes) ?? checkExpiry(expirySeconds);
        if (problem !== null) return Promise.reject(problem);
        const spec = { value, flagBits, expirySeconds };
        const evictedKey = account === null ? null : account.add(key);
        if (evictedKey === null) return this.runOn(this.server(key), new StoreCall(Opcode.SET, key, spec));
        const isTogether = this.server(evictedKey) === this.server(key);
        const call = isTogether ? new EvictingSetCall(key, spec, evictedKey) : new StoreCall(Opcode.SET, key, spec);
        // It failed, perhaps before the eviction was sent.
        const evict = (): void => void this.delete(evictedKey).catch(() => {});
        if (isTogether) call.promise.catch(evict);
        else evict();
        return this.runOn(this.server(key), call);
    }

    /** Stores all of them, each with flags of its own if need be; a key that could not be stored is in `failed`, with the reason. */
    setMany(
        entries: Iterable<readonly [key: string, value: StoredValue, flags?: number]>,
        options: StoreOptions = {},
    ): Promise<BatchResult> {
        const keys: string[] = [];
        const specs: StoreSpec[] = [];
        for (const [key, value, flags = options.flags] of entries) {
            const spec = this.spec(value, { flags, expires: options.expires });
            if (spec instanceof Error) return Promise.reject(spec);
            keys.push(key);
            specs.push(spec);
        }
        return this.batch(keys, batch => batch.set(specs));
    }

    /** Stores under a key that nobody has, and answers the item's CAS; null: somebody has it. */
    async casAdd(key: string, value: StoredValue, options: StoreOptions & Placement = {}): Promise<bigint | null> {
        const { outcome, cas } = await this.casStore(Opcode.ADD, key, value, 0n, options);
        return outcome === 'stored' ? cas : null;
    }

    /** Stores only over the item that has this CAS. */
    casSet(
        key: string,
        value: StoredValue,
        cas: bigint,
        options: StoreOptions & Placement & CasValidity = {},
    ): Promise<CasReply> {
        const problem = checkCas(cas);
        // A SET for which memcached finds no memory deletes what is under the key, be it another's with another CAS. REPLACE does not.
        return problem ? Promise.reject(problem) : this.casStore(Opcode.REPLACE, key, value, cas, options);
    }

    /** false: there was no such key. */
    delete(key: string): Promise<boolean>;
    delete(key: string, callback: Callback<boolean>): void;
    delete(key: string, callback?: Callback<boolean>): Promise<boolean> | void {
        return give(this.run(key, new DeleteCall(key)), callback);
    }

    /** Deletes only the item that has this CAS. */
    casDelete(key: string, cas: bigint, options: Placement & CasValidity = {}): Promise<CasDeleteReply> {
        const problem = checkCas(cas);
        if (problem) return Promise.reject(problem);
        return this.runCas(key, new CasDeleteCall(key, cas, options.generation !== undefined), options);
    }

    /** Deletes what is there of these keys; a key that could not be deleted is in `failed`, with the reason. */
    deleteMany(keys: readonly string[]): Promise<BatchResult> {
        return this.batch(keys, batch => batch.delete());
    }

    /** 64 bits (memjs: wrong from 2^32 on), wrapping at 2^64. */
    increment(key: string, amount: number | bigint, options?: CounterOptions): Promise<CounterResult>;
    increment(key: string, amount: number | bigint, options: CounterOptions, callback: CounterCallback): void;
    increment(key: string, amount: number | bigint, callback: CounterCallback): void;
    increment(key: string, amount: number | bigint, ...rest: CounterArguments): Promise<CounterResult> | void {
        return this.count(Opcode.INCREMENT, key, amount, rest);
    }

    /** 64 bits, stopping at 0. */
    decrement(key: string, amount: number | bigint, options?: CounterOptions): Promise<CounterResult>;
    decrement(key: string, amount: number | bigint, options: CounterOptions, callback: CounterCallback): void;
    decrement(key: string, amount: number | bigint, callback: CounterCallback): void;
    decrement(key: string, amount: number | bigint, ...rest: CounterArguments): Promise<CounterResult> | void {
        return this.count(Opcode.DECREMENT, key, amount, rest);
    }

    /** false: there is no such key. */
    append(key: string, value: StoredValue): Promise<boolean>;
    append(key: string, value: StoredValue, callback: Callback<boolean>): void;
    append(key: string, value: StoredValue, callback?: Callback<boolean>): Promise<boolean> | void {
        return give(this.concat(Opcode.APPEND, key, value), callback);
    }

    /** false: there is no such key. memjs sends APPEND's opcode here. */
    prepend(key: string, value: StoredValue): Promise<boolean>;
    prepend(key: string, value: StoredValue, callback: Callback<boolean>): void;
    prepend(key: string, value: StoredValue, callback?: Callback<boolean>): Promise<boolean> | void {
        return give(this.concat(Opcode.PREPEND, key, value), callback);
    }

    /** Changes the expiry, to 0 (never) too; false: there is no such key. */
    touch(key: string, expires: number): Promise<boolean>;
    touch(key: string, expires: number, callback: Callback<boolean>): void;
    touch(key: string, expires: number, callback?: Callback<boolean>): Promise<boolean> | void {
        const problem = checkExpiry(expires);
        const done = problem ? Promise.reject<boolean>(problem) : this.run(key, new TouchCall(key, expires));
        return give(done, callback);
    }

    /** The value, and when it expires from now on. */
    getAndTouch(key: string, expires: number): Promise<Item> {
        const problem = checkExpiry(expires);
        return problem ? Promise.reject(problem) : this.run(key, new GetAndTouchCall(key, expires));
    }

    /** Resolves when every server has answered. */
    async noop(): Promise<void> {
        await Promise.all(this.nodes.map(node => this.runOn(node, new NoopCall())));
    }

    /** Each server's version, or why it did not say. */
    version(): Promise<Map<string, string | Error>> {
        return this.askAll(() => new VersionCall());
    }

    /** Each server's statistics, or why it did not give them. With a callback, as in memjs: it is called once per server. */
    stats(): Promise<Map<string, Record<string, string> | Error>>;
    stats(callback: (error: Error | null, server: string, stats: Record<string, string> | null) => void): void;
    stats(callback?: (error: Error | null, server: string, stats: Record<string, string> | null) => void): unknown {
        if (typeof callback === 'function') return this.statsWithKey('', callback);
        return this.askAll(() => new StatCall(''));
    }

    /** What this client knows of each server, as it is now: nobody is asked. After `close` the counts stay. */
    getStats(): readonly ServerStats[] {
        return this.nodes.map(node => node.getStats());
    }

    /** Asks every server how it is, at once. One that does not say is told of, not rejected; who asks meanwhile gets the same answer. */
    checkHealth(): Promise<readonly ServerHealthReport[]> {
        if (!this.isOpened) return Promise.reject(notOpened());
        this.checking ??= this.track(Promise.all(this.nodes.map(checkServer))).finally(() => (this.checking = null));
        return this.checking;
    }

    private run<T>(key: string, call: Call<T>, placement?: Placement): Promise<T> {
        const problem = checkKey(key, this.settings.maxKeyBytes);
        if (problem !== null) return Promise.reject(problem);
        return this.runOn(placement?.pinned ? this.home(key) : this.server(key), call);
    }

    private runCas<T>(key: string, call: Call<T>, { pinned, generation }: Placement & CasValidity): Promise<T> {
        const problem = checkKey(key, this.settings.maxKeyBytes);
        if (problem !== null) return Promise.reject(problem);
        const node = pinned ? this.home(key) : this.server(key);
        // It is settled by that, and so it will not be sent.
        if (generation !== undefined && generation !== node.generation) call.onNewGeneration();
        return this.runOn(node, call);
    }

    private spec(value: StoredValue, { expires = 0, flags = 0 }: StoreOptions): StoreSpec | Error {
        const problem = checkValue(value, this.settings.maxValueBytes) ?? checkExpiry(expires) ?? checkFlags(flags);
        return problem ?? { value, flagBits: flags, expirySeconds: expires };
    }

    private store(
        opcode: StoreOpcode,
        key: string,
        value: StoredValue,
        a: OptionsOrCallback,
        b: CallbackOrExpiry,
    ): Promise<boolean> | void {
        const spec = this.spec(value, readOptions(a, b));
        const isBad = spec instanceof Error;
        const done = isBad ? Promise.reject<boolean>(spec) : this.run(key, new StoreCall(opcode, key, spec));
        return give(done, readCallback(a, b));
    }

    private casStore(
        opcode: StoreOpcode,
        key: string,
        value: StoredValue,
        cas: bigint,
        options: StoreOptions & Placement & CasValidity,
    ): Promise<CasReply> {
        const spec = this.spec(value, options);
        if (spec instanceof Error) return Promise.reject(spec);
        const call = new CasStoreCall(opcode, key, spec, cas, options.generation !== undefined);
        return this.runCas(key, call, options);
    }

    private concat(
        opcode: typeof Opcode.APPEND | typeof Opcode.PREPEND,
        key: string,
        value: StoredValue,
    ): Promise<boolean> {
        const problem = checkValue(value, this.settings.maxValueBytes);
        return problem ? Promise.reject(problem) : this.run(key, new ConcatCall(opcode, key, value));
    }

    private count(
        opcode: typeof Opcode.INCREMENT | typeof Opcode.DECREMENT,
        key: string,
        amount: number | bigint,
        [a, b]: CounterArguments,
    ): Promise<CounterResult> | void {
        const callback = typeof a === 'function' ? a : b;
        const done = this.countAgain(opcode, key, amount, typeof a === 'function' ? {} : (a ?? {}));
        if (typeof callback !== 'function') return done;
        answer(
            done,
            ({ success, value }) => callback(null, success, value),
            error => callback(error, null, null),
        );
    }

    private async countAgain(
        opcode: typeof Opcode.INCREMENT | typeof Opcode.DECREMENT,
        key: string,
        amount: number | bigint,
        { initial = 0, expires = 0, pinned }: CounterOptions,
    ): Promise<CounterResult> {
        const problem = checkExpiry(expires);
        if (problem !== null) throw problem;
        const delta = toUint64(amount);
        if (delta instanceof Error) throw delta;
        const first = toUint64(initial ?? 0);
        if (first instanceof Error) throw first;
        const expirySeconds = initial === null ? NO_CREATE : Math.min(expires, NO_CREATE - 1);
        let deadlineMs = 0;
        for (let tries = 1; ; tries++) {
            const call = new CounterCall(opcode, key, delta, first, expirySeconds);
            call.deadlineMs = deadlineMs;
            const value = await this.run(key, call, { pinned });
            ({ deadlineMs } = call);
            if (value !== 'raced') return { success: value !== null, value };
            if (tries === COUNTER_TRIES) throw refused(this.server(key).address, Status.NOT_STORED);
        }
    }

    private batch<T>(keys: readonly string[], perform: (batch: KeyBatch) => Promise<T>): Promise<T> {
        if (!this.isOpened) return Promise.reject(notOpened());
        for (const key of keys) {
            const problem = checkKey(key, this.settings.maxKeyBytes);
            if (problem !== null) return Promise.reject(problem);
        }
        return this.track(perform(new KeyBatch(keys, key => this.server(key))));
    }
}
