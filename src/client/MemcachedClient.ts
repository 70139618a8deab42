import type { Call } from './Call';
import { checkCas, checkExpiry, checkFlags, checkKey, checkValue, toUint64 } from './checks';
import { DEFAULT_OPTIONS, type ClientOptions } from './ClientOptions';
import { Deadlines } from './Deadlines';
import { connectFailed, isAuthFailure, notOpened, refused } from './errors';
import { HashRing } from './HashRing';
import type { Item } from './Item';
import * as calls from './keyCalls';
import { KeyBatch, type BatchResult, type GetManyResult } from './KeyBatch';
import { Client } from './memjs';
import { MemcachedServer } from './MemcachedServer';
import { Opcode, Status } from './protocol';
import type { ServerAddress } from './ServerAddress';
import { NoopCall, StatCall, VersionCall } from './serverCalls';

/** Bytes are not copied: leave them as they are until the call has settled. (memjs copies them.) */
export type StoredValue = string | Uint8Array;

export interface StoreOptions {
    /** Seconds; 0 or absent: never. Past 30 days (2592000) memcached takes it for a Unix time. */
    readonly expires?: number;
    /** 32 bits that are kept with the value. */
    readonly flags?: number;
}

/** Keeps account of the keys that are stored; the answer is the key that has to go for this one, or null. */
export interface KeyAccount {
    add(key: string): string | null;
}

/** Where a call goes. */
export interface Placement {
    /** To the key's own server, also while `failover` sends others elsewhere: a lock has one place. */
    readonly pinned?: boolean;
}

/** When a CAS may be compared. */
export interface CasValidity {
    /**
     * The generation in which the CAS was answered. In another one the call is not sent but answers 'stale': the server may have been restarted,
     * and the CAS may be that of another item.
     */
    readonly generation?: number;
}

export interface CounterOptions {
    /** What the counter starts with when there is none, 0 when absent; null: do not create it. */
    readonly initial?: number | bigint | null;
    /** Seconds, for a counter that is created. */
    readonly expires?: number;
}

/** What memjs answers to a get: `value` and `flags` are null on a miss. */
export interface GetResult {
    readonly value: Buffer | null;
    readonly flags: Buffer | null;
}

export interface CounterResult {
    /** false: there is no such counter. */
    readonly success: boolean;
    readonly value: bigint | null;
}

export type Callback<T> = (error: Error | null, result: T | null) => void;
type GetCallback = (error: Error | null, value: Buffer | null, flags: Buffer | null) => void;
type CounterCallback = (error: Error | null, success: boolean | null, value: bigint | null) => void;

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
export class MemcachedClient extends Client {
    private readonly settings: ClientOptions;
    private readonly deadlines: Deadlines;
    private readonly nodes: readonly MemcachedServer[];
    private readonly ring: HashRing;
    private readonly isUsable: ((index: number) => boolean) | undefined;
    /** Those under way: between two of its chunks a batch has no call that is pending. */
    private readonly batches = new Set<Promise<unknown>>();
    private isOpened = false;
    /** The open that is under way or done; null while closed. */
    private opening: Promise<void> | null = null;
    private closing: Promise<void> | null = null;
    /** Rises with every close, so that an open that was overtaken by one knows. */
    private life = 0;

    /** memjs's own: it would give a client with memjs's transport. */
    static create(): never {
        throw new TypeError('use new MemcachedClient([{ host, port }], options)');
    }

    constructor(addresses: readonly ServerAddress[], options: Partial<ClientOptions> = {}) {
        const settings: ClientOptions = { ...DEFAULT_OPTIONS, ...options };
        const deadlines = new Deadlines();
        const nodes = addresses.map(address => new MemcachedServer(address, settings, deadlines, settings.observer));
        // The only retry loop is ours (memjs counts one attempt as `retries: 1`), and nothing goes to the console.
        super(nodes, { retries: 1, expires: 0, logger: { log: () => {} } });
        this.settings = settings;
        this.deadlines = deadlines;
        this.nodes = nodes;
        this.ring = new HashRing(addresses.map(({ host, port, weight = 1 }) => ({ host, port, weight })));
        if (settings.failover) this.isUsable = index => nodes[index]!.isUp;
    }

    /**
     * Speaks to every server; rejects with CONNECT_FAILED when none answers.
     * @param mayBeAway then it opens all the same, and the servers are probed until they are there
     */
    open({ mayBeAway = false } = {}): Promise<void> {
        const { life } = this;
        this.opening ??= (this.closing ?? Promise.resolve()).then(() => this.connect(life, mayBeAway));
        return this.opening;
    }

    isOpen(): boolean {
        return this.isOpened;
    }

    /** Lets running calls finish (their deadlines see to it that this ends), then closes every socket. */
    close(): Promise<void> {
        if (this.opening === null) return this.closing ?? Promise.resolve();
        this.life++;
        this.opening = null;
        // An open that waits for a close has begun nothing yet.
        if (this.closing !== null) return this.closing;
        const closing = this.isOpened ? this.drain() : this.destroy();
        this.isOpened = false;
        this.closing = closing.finally(() => (this.closing = null));
        return this.closing;
    }

    quit(): void {
        void this.close();
    }

    /** The longest key in bytes, and the largest value. */
    get limits(): { readonly maxKeyBytes: number; readonly maxValueBytes: number } {
        return this.settings;
    }

    get socketCount(): number {
        return this.nodes.reduce((sum, node) => sum + node.socketCount, 0);
    }

    /** Calls that have not settled. */
    get pendingCount(): number {
        return this.nodes.reduce((sum, node) => sum + node.enteringCount, this.deadlines.size);
    }

    get timerCount(): number {
        return this.nodes.reduce((sum, node) => sum + node.timerCount, this.deadlines.timerCount);
    }

    get(key: string): Promise<GetResult>;
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
        return this.run(key, new calls.GetCall(key), placement);
    }

    /** The value as text when it was stored without flags, the item otherwise, null on a miss. Cheaper than `get` for text. */
    getText(key: string): Promise<calls.Held> {
        return this.run(key, new calls.GetTextCall(key));
    }

    /** Like `getText`, and the key is deleted in the same write. */
    getAndDelete(key: string): Promise<calls.Held> {
        return this.run(key, new calls.GetAndDeleteCall(key));
    }

    /** What was found; a key that could not be asked for is in `failed`, with the reason. */
    getMany(keys: readonly string[]): Promise<GetManyResult> {
        return this.batch(keys, batch => batch.get());
    }

    set(key: string, value: StoredValue, options?: StoreOptions): Promise<boolean>;
    set(key: string, value: StoredValue, options: StoreOptions, callback: Callback<boolean>): void;
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
        if (evictedKey === null) return this.runOn(this.server(key), new calls.StoreCall(Opcode.SET, key, spec));
        const isTogether = this.server(evictedKey) === this.server(key);
        const call = isTogether
            ? new calls.EvictingSetCall(key, spec, evictedKey)
            : new calls.StoreCall(Opcode.SET, key, spec);
        // It failed, perhaps before the eviction was sent.
        const evict = (): void => void this.delete(evictedKey).catch(() => {});
        if (isTogether) call.promise.catch(evict);
        else evict();
        return this.runOn(this.server(key), call);
    }

    /** Stores all of them; a key that could not be stored is in `failed`, with the reason. */
    setMany(entries: Iterable<readonly [string, StoredValue]>, options: StoreOptions = {}): Promise<BatchResult> {
        const keys: string[] = [];
        const specs: calls.StoreSpec[] = [];
        for (const [key, value] of entries) {
            const spec = this.spec(value, options);
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
    ): Promise<calls.CasReply> {
        const problem = checkCas(cas);
        // A SET for which memcached finds no memory deletes what is under the key, be it another's with another CAS. REPLACE does not.
        return problem ? Promise.reject(problem) : this.casStore(Opcode.REPLACE, key, value, cas, options);
    }

    /** false: there was no such key. */
    delete(key: string): Promise<boolean>;
    delete(key: string, callback: Callback<boolean>): void;
    delete(key: string, callback?: Callback<boolean>): Promise<boolean> | void {
        return this.give(this.run(key, new calls.DeleteCall(key)), callback);
    }

    /** Deletes only the item that has this CAS. */
    casDelete(key: string, cas: bigint, options: Placement & CasValidity = {}): Promise<calls.CasDeleteReply> {
        const problem = checkCas(cas);
        if (problem) return Promise.reject(problem);
        return this.runCas(key, new calls.CasDeleteCall(key, cas, options.generation !== undefined), options);
    }

    /**
     * Of the key's own server: changes when a socket to it opens or goes. A CAS that was answered in another generation may be that of another item:
     * a server that was restarted counts from the beginning.
     */
    generation(key: string): number {
        return this.home(key).generation;
    }

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
        return this.give(this.concat(Opcode.APPEND, key, value), callback);
    }

    /** false: there is no such key. memjs sends APPEND's opcode here. */
    prepend(key: string, value: StoredValue): Promise<boolean>;
    prepend(key: string, value: StoredValue, callback: Callback<boolean>): void;
    prepend(key: string, value: StoredValue, callback?: Callback<boolean>): Promise<boolean> | void {
        return this.give(this.concat(Opcode.PREPEND, key, value), callback);
    }

    /** Changes the expiry, to 0 (never) too; false: there is no such key. */
    touch(key: string, expires: number): Promise<boolean>;
    touch(key: string, expires: number, callback: Callback<boolean>): void;
    touch(key: string, expires: number, callback?: Callback<boolean>): Promise<boolean> | void {
        const problem = checkExpiry(expires);
        const done = problem ? Promise.reject<boolean>(problem) : this.run(key, new calls.TouchCall(key, expires));
        return this.give(done, callback);
    }

    getAndTouch(key: string, expires: number): Promise<Item> {
        const problem = checkExpiry(expires);
        return problem ? Promise.reject(problem) : this.run(key, new calls.GetAndTouchCall(key, expires));
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

    /** The server of a key; with `failover`, while that is down, the next one on the ring. */
    server(key: string): MemcachedServer {
        return this.nodes[this.getServer(key)]!;
    }

    /** The key's own server, whoever is up. */
    home(key: string): MemcachedServer {
        return this.nodes[this.ring.find(key)]!;
    }

    /** As an index. memjs's own is the remainder of a hash: one server more or less would move nearly every key. */
    override getServer(key: string): number {
        return this.ring.find(key, this.isUsable);
    }

    /** memjs's is signed: after 2^31 calls every call would throw. */
    override incrSeq(): void {
        this.seq = (this.seq + 1) >>> 0;
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

    private runOn<T>(node: MemcachedServer, call: Call<T>): Promise<T> {
        if (!this.isOpened) return Promise.reject(notOpened());
        node.enqueue(call);
        return call.promise;
    }

    private spec(value: StoredValue, { expires = 0, flags = 0 }: StoreOptions): calls.StoreSpec | Error {
        const problem = checkValue(value, this.settings.maxValueBytes) ?? checkExpiry(expires) ?? checkFlags(flags);
        return problem ?? { value, flagBits: flags, expirySeconds: expires };
    }

    private store(
        opcode: calls.StoreOpcode,
        key: string,
        value: StoredValue,
        a: OptionsOrCallback,
        b: CallbackOrExpiry,
    ): Promise<boolean> | void {
        const spec = this.spec(value, readOptions(a, b));
        const isBad = spec instanceof Error;
        const done = isBad ? Promise.reject<boolean>(spec) : this.run(key, new calls.StoreCall(opcode, key, spec));
        return this.give(done, readCallback(a, b));
    }

    private casStore(
        opcode: calls.StoreOpcode,
        key: string,
        value: StoredValue,
        cas: bigint,
        options: StoreOptions & Placement & CasValidity,
    ): Promise<calls.CasReply> {
        const spec = this.spec(value, options);
        if (spec instanceof Error) return Promise.reject(spec);
        const call = new calls.CasStoreCall(opcode, key, spec, cas, options.generation !== undefined);
        return this.runCas(key, call, options);
    }

    private concat(
        opcode: typeof Opcode.APPEND | typeof Opcode.PREPEND,
        key: string,
        value: StoredValue,
    ): Promise<boolean> {
        const problem = checkValue(value, this.settings.maxValueBytes);
        return problem ? Promise.reject(problem) : this.run(key, new calls.ConcatCall(opcode, key, value));
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
        { initial = 0, expires = 0 }: CounterOptions,
    ): Promise<CounterResult> {
        const problem = checkExpiry(expires);
        if (problem !== null) throw problem;
        const delta = toUint64(amount);
        if (delta instanceof Error) throw delta;
        const first = toUint64(initial ?? 0);
        if (first instanceof Error) throw first;
        const expirySeconds = initial === null ? calls.NO_CREATE : Math.min(expires, calls.NO_CREATE - 1);
        let deadlineMs = 0;
        for (let tries = 1; ; tries++) {
            const call = new calls.CounterCall(opcode, key, delta, first, expirySeconds);
            call.deadlineMs = deadlineMs;
            const value = await this.run(key, call);
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
        const done = perform(new KeyBatch(keys, key => this.server(key)));
        this.batches.add(done);
        return done.finally(() => this.batches.delete(done));
    }

    private async askAll<T>(make: () => Call<T>): Promise<Map<string, T | Error>> {
        const answers = this.nodes.map(async node => {
            const said = await this.runOn(node, make()).catch((error: Error) => error);
            return [node.address, said] as const;
        });
        return new Map(await Promise.all(answers));
    }

    private give<T>(promise: Promise<T>, callback: Callback<T> | undefined): Promise<T> | void {
        if (typeof callback !== 'function') return promise;
        answer(
            promise,
            value => callback(null, value),
            error => callback(error, null),
        );
    }

    private async connect(life: number, mayBeAway: boolean): Promise<void> {
        if (this.life !== life) throw notOpened();
        if (this.nodes.length === 0) throw connectFailed('nowhere', new Error('the client was given no server'));
        const greetings = this.nodes.map(node => {
            node.open();
            // A server that asks for a login answers VERSION to anybody, NOOP not.
            const call = new NoopCall();
            node.enqueue(call);
            return call.promise;
        });
        const answers = await Promise.allSettled(greetings);
        if (this.life !== life) throw notOpened();
        const refusal = answers.find(one => one.status === 'rejected' && isAuthFailure(one.reason as Error));
        if ((mayBeAway && refusal === undefined) || answers.some(one => one.status === 'fulfilled')) {
            this.isOpened = true;
            return;
        }
        await this.close();
        const addresses = this.nodes.map(node => node.address).join(', ');
        const { reason } = (refusal ?? answers[0]) as { reason: Error };
        throw refusal === undefined ? connectFailed(addresses, reason) : reason;
    }

    private drain(): Promise<void> {
        for (const node of this.nodes) node.settleDown();
        if (this.deadlines.size === 0 && this.batches.size === 0) return this.destroy();
        return this.untilIdle().then(() => this.destroy());
    }

    private async untilIdle(): Promise<void> {
        await Promise.allSettled(this.batches);
        if (this.deadlines.size > 0) await new Promise<void>(resolve => (this.deadlines.onEmpty = resolve));
    }

    /** Its sockets are destroyed before it returns: a process that is about to exit gets no further turn of the event loop. */
    private async destroy(): Promise<void> {
        this.deadlines.onEmpty = null;
        const closed = this.nodes.map(node => node.close());
        this.deadlines.stop();
        await Promise.all(closed);
    }
}

type OptionsOrCallback = StoreOptions | Callback<boolean> | undefined;
type CallbackOrExpiry = Callback<boolean> | number | undefined;
type CounterArguments = [(CounterOptions | CounterCallback)?, CounterCallback?];

const NO_OPTIONS: StoreOptions = {};

/** memjs's forms: options, options and a callback, a callback, and the old one of a callback and then the expiry. */
function readOptions(a: OptionsOrCallback, b: CallbackOrExpiry): StoreOptions {
    if (typeof a === 'function') return typeof b === 'number' ? { expires: b } : NO_OPTIONS;
    return a ?? NO_OPTIONS;
}

function readCallback(a: OptionsOrCallback, b: CallbackOrExpiry): Callback<boolean> | undefined {
    if (typeof a === 'function') return a;
    return typeof b === 'function' ? b : undefined;
}

/** A callback runs on its own: what it throws is its owner's, as with any callback in Node. */
function answer<T>(promise: Promise<T>, onValue: (value: T) => void, onError: (error: Error) => void): void {
    promise.then(
        value => process.nextTick(onValue, value),
        (error: Error) => process.nextTick(onError, error),
    );
}
