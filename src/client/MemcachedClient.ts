import type { CasDeleteReply } from './calls/deleteCalls';
import type { Fetched } from './calls/getCalls';
import type { CasReply } from './calls/storeCalls';
import { Cluster } from './cluster/Cluster';
import type { ServerChange } from './cluster/ServerSet';
import { Commands, type CounterResult, type ValueInput } from './Commands';
import type { BatchResult, GetManyResult } from './KeyBatch';
import * as memjs from './memjs/callbacks';
import type { CallbackOrExpiry, OptionsOrCallback } from './memjs/callbacks';
import { Client } from './memjs/baseClass';
import {
    defaultsOf,
    readCallOptions,
    type CallDefaults,
    type CasValidity,
    type CounterOptions,
    type OpenOptions,
    type StoreOptions,
} from './model/CallOptions';
import { readClientOptions, type ClientOptions } from './model/ClientOptions';
import type { Item } from './model/Item';
import { readServers, type ServerAddress } from './model/ServerAddress';
import type { ServerInfo } from './model/ServerInfo';
import type { CountMode, StoreMode } from './protocol/Protocol';
import type { ServerHealthReport } from './server/ServerHealthReport';
import type { ServerStats } from '../diagnostics/ServerMetrics';

/** The result of `get`. */
export interface GetResult {
    /** The value, null on a miss. */
    readonly value: Buffer | null;
    /** The 32 bits as four bytes, null on a miss. */
    readonly flags: Buffer | null;
}

/**
 * A client of one or more memcached servers. It is a `memjs.Client` with another transport. It has
 * memjs's verbs, in their promise and their callback form, and more. Every call settles within
 * `requestTimeoutMs`. A call that fails rejects with a coded error. A miss, a key that exists and
 * "not stored" are results, not errors.
 *
 * @example
 * const client = new MemcachedClient([{ host: '127.0.0.1', port: 11211 }]);
 * await client.open();
 * await client.set('greeting', 'hello', { expires: 60 });
 * const { value } = await client.get('greeting');
 * await client.close();
 */
export class MemcachedClient extends Client {
    /** @internal The promise verbs, and the verbs that only components need. */
    readonly commands: Commands;
    private readonly cluster: Cluster;
    private readonly defaults: CallDefaults;

    /**
     * @throws ConfigException INVALID_OPTION
     * @throws ConfigException INVALID_CONNECTION for servers, INVALID_CREDENTIAL for a login
     */
    constructor(addresses: readonly ServerAddress[], options: ClientOptions = {}) {
        const settings = readClientOptions(options);
        const cluster = new Cluster(readServers(addresses), settings);
        super(cluster.servers, {});
        this.cluster = cluster;
        this.commands = new Commands(cluster);
        this.defaults = defaultsOf(settings.expires);
    }

    /** Throws always, because memjs's factory would create a client with memjs's transport. */
    static create(): never {
        throw new TypeError('use new MemcachedClient([{ host, port }], options)');
    }

    /** Throws always, because this client does not send frames that the caller has encoded. */
    perform(): never {
        throw new TypeError('perform is not supported: use the verbs of MemcachedClient');
    }

    /**
     * Connects to every server. Resolves when all have answered or failed.
     * @throws ConfigException INVALID_OPTION
     * @throws ConnectionException CONNECT_FAILED when no server answers
     * @throws ConnectionException AUTH_FAILED when no server answers and one rejects the login
     * @throws InvalidStateException NOT_OPENED when the caller closes the client meanwhile
     */
    open(options?: OpenOptions): Promise<void> {
        const read = readCallOptions(options, this.defaults.open);
        return withOptions(read, ({ allowUnavailable }) => this.cluster.open(allowUnavailable === true));
    }

    /** Returns whether the client is open. */
    isOpen(): boolean {
        return this.cluster.isOpen;
    }

    /**
     * Replaces the servers. Servers that stay keep their sockets. The first call to a new server
     * connects to it. Removed servers get no new calls. They finish pending calls and batches
     * within `requestTimeoutMs`, and close their sockets. The client replaces a server whose login
     * or TLS settings differ. Another weight only moves keys. An invalid list changes nothing.
     * @throws ConnectionException CONNECT_FAILED when the list is empty
     * @throws ConfigException INVALID_CONNECTION for servers, INVALID_CREDENTIAL for a login
     */
    update(addresses: readonly ServerAddress[]): ServerChange {
        const change = this.cluster.update(readServers(addresses));
        this.servers = this.cluster.servers;
        return change;
    }

    /** Waits for pending calls, which settle by their deadlines, and closes all sockets. */
    close(): Promise<void> {
        return this.cluster.close();
    }

    /** Closes the client, as memjs's `close` does. */
    quit(): void {
        void this.close();
    }

    /** Returns the value and its flags, both null on a miss. */
    get(key: string): Promise<GetResult>;
    get(key: string, callback: memjs.GetCallback): void;
    get(key: string, callback?: memjs.GetCallback): Promise<GetResult> | void {
        return memjs.deliver(this.commands.gets(key), callback, memjs.valueAndFlags);
    }

    /** Returns the item, which has a value, flags and a CAS. */
    gets(key: string): Promise<Item> {
        return this.commands.gets(key);
    }

    /** Returns a value without flags as text, other values as an item. It is faster than `get`. */
    getText(key: string): Promise<Fetched> {
        return this.commands.getText(key);
    }

    /** Returns the value as `getText` does, and deletes the key in the same write. */
    getAndDelete(key: string): Promise<Fetched> {
        return this.commands.getAndDelete(key);
    }

    /** Returns the item, and changes its expiry as `touch` does. */
    getAndTouch(key: string, expires?: number): Promise<Item> {
        return this.commands.getAndTouch(key, this.touchExpiry(expires));
    }

    /** Stores the value. Resolves with true. */
    set(key: string, value: ValueInput, options?: StoreOptions): Promise<boolean>;
    set(key: string, value: ValueInput, options: StoreOptions, callback: memjs.Callback<boolean>): void;
    set(key: string, value: ValueInput, callback: memjs.Callback<boolean>, expires?: number): void;
    set(key: string, value: ValueInput, a?: OptionsOrCallback, b?: CallbackOrExpiry): Promise<boolean> | void {
        return this.store('set', key, value, a, b);
    }

    /** Stores the value if the key does not exist. Resolves with false if it exists. */
    add(key: string, value: ValueInput, options?: StoreOptions): Promise<boolean>;
    add(key: string, value: ValueInput, options: StoreOptions, callback: memjs.Callback<boolean>): void;
    add(key: string, value: ValueInput, callback: memjs.Callback<boolean>, expires?: number): void;
    add(key: string, value: ValueInput, a?: OptionsOrCallback, b?: CallbackOrExpiry): Promise<boolean> | void {
        return this.store('add', key, value, a, b);
    }

    /** Stores the value if the key exists. Resolves with false if it does not exist. */
    replace(key: string, value: ValueInput, options?: StoreOptions): Promise<boolean>;
    replace(key: string, value: ValueInput, options: StoreOptions, callback: memjs.Callback<boolean>): void;
    replace(key: string, value: ValueInput, callback: memjs.Callback<boolean>, expires?: number): void;
    replace(key: string, value: ValueInput, a?: OptionsOrCallback, b?: CallbackOrExpiry): Promise<boolean> | void {
        return this.store('replace', key, value, a, b);
    }

    /** Appends to the value. Resolves with false if the key does not exist. */
    append(key: string, value: ValueInput): Promise<boolean>;
    append(key: string, value: ValueInput, callback: memjs.Callback<boolean>): void;
    append(key: string, value: ValueInput, callback?: memjs.Callback<boolean>): Promise<boolean> | void {
        return memjs.deliver(this.commands.concat('append', key, value), callback, memjs.resultOnly);
    }

    /** Prepends to the value. Resolves with false if the key does not exist. */
    prepend(key: string, value: ValueInput): Promise<boolean>;
    prepend(key: string, value: ValueInput, callback: memjs.Callback<boolean>): void;
    prepend(key: string, value: ValueInput, callback?: memjs.Callback<boolean>): Promise<boolean> | void {
        return memjs.deliver(this.commands.concat('prepend', key, value), callback, memjs.resultOnly);
    }

    /** Increases a counter of 64 bits, which wraps at 2^64 (memjs is wrong from 2^32 on). */
    increment(key: string, amount: number | bigint, options?: CounterOptions): Promise<CounterResult>;
    increment(key: string, amount: number | bigint, options: CounterOptions, callback: memjs.CounterCallback): void;
    increment(key: string, amount: number | bigint, callback: memjs.CounterCallback): void;
    increment(key: string, amount: number | bigint, ...rest: memjs.CounterArguments): Promise<CounterResult> | void {
        return this.count('increment', key, amount, rest);
    }

    /** Decreases a counter of 64 bits, which stops at 0. */
    decrement(key: string, amount: number | bigint, options?: CounterOptions): Promise<CounterResult>;
    decrement(key: string, amount: number | bigint, options: CounterOptions, callback: memjs.CounterCallback): void;
    decrement(key: string, amount: number | bigint, callback: memjs.CounterCallback): void;
    decrement(key: string, amount: number | bigint, ...rest: memjs.CounterArguments): Promise<CounterResult> | void {
        return this.count('decrement', key, amount, rest);
    }

    /**
     * Changes the expiry, in seconds. 0 = never. Absent = the client's `expires`, or INVALID_TTL if
     * it has none. Resolves with false if the key does not exist.
     */
    touch(key: string, expires?: number): Promise<boolean>;
    touch(key: string, expires: number | undefined, callback: memjs.Callback<boolean>): void;
    touch(key: string, expires?: number, callback?: memjs.Callback<boolean>): Promise<boolean> | void {
        return memjs.deliver(this.commands.touch(key, this.touchExpiry(expires)), callback, memjs.resultOnly);
    }

    /** Deletes the key. Resolves with false if it does not exist. */
    delete(key: string): Promise<boolean>;
    delete(key: string, callback: memjs.Callback<boolean>): void;
    delete(key: string, callback?: memjs.Callback<boolean>): Promise<boolean> | void {
        return memjs.deliver(this.commands.delete(key), callback, memjs.resultOnly);
    }

    /** Stores the value if the key does not exist. Resolves with its CAS, else with null. */
    casAdd(key: string, value: ValueInput, options?: StoreOptions | null): Promise<bigint | null> {
        const read = readCallOptions(options, this.defaults.store);
        return withOptions(read, known => this.commands.casAdd(key, value, known));
    }

    /** Stores the value if the item under the key has this CAS. */
    casSet(
        key: string,
        value: ValueInput,
        cas: bigint,
        options?: (StoreOptions & CasValidity) | null,
    ): Promise<CasReply> {
        const read = readCallOptions(options, this.defaults.casStore);
        return withOptions(read, known => this.commands.casSet(key, value, cas, known));
    }

    /** Deletes the key if its item has this CAS. */
    casDelete(key: string, cas: bigint, options?: CasValidity | null): Promise<CasDeleteReply> {
        const read = readCallOptions(options, this.defaults.cas);
        return withOptions(read, known => this.commands.casDelete(key, cas, known));
    }

    /** Returns the items that exist. `failed` has the keys that the client has failed to read. */
    getMany(keys: readonly string[]): Promise<GetManyResult> {
        return this.commands.getMany(keys);
    }

    /** Stores all values. `failed` has the keys that may have another value, or none. */
    setMany(
        entries: Iterable<readonly [key: string, value: ValueInput, flags?: number]>,
        options?: StoreOptions | null,
    ): Promise<BatchResult> {
        const read = readCallOptions(options, this.defaults.store);
        return withOptions(read, known => this.commands.setMany(entries, known));
    }

    /** Deletes all keys. `failed` has the keys that may still exist. */
    deleteMany(keys: readonly string[]): Promise<BatchResult> {
        return this.commands.deleteMany(keys);
    }

    /** Resolves when every server has answered. */
    noop(): Promise<void> {
        return this.commands.noop();
    }

    /** Returns the version or the error of each server. */
    version(): Promise<Map<string, string | Error>> {
        return memjs.settleEach(this.commands.version());
    }

    /** Deletes all items of all servers. Rejects if a server fails. */
    flush(): Promise<memjs.FlushResults>;
    flush(callback: memjs.FlushCallback): void;
    flush(callback?: memjs.FlushCallback): Promise<memjs.FlushResults> | void {
        return memjs.deliverFlush(this.commands.flush(), callback);
    }

    /** Returns the statistics or the error of each server. */
    stats(): Promise<Map<string, memjs.Statistics | Error>>;
    stats(callback: memjs.StatsCallback): void;
    stats(callback?: memjs.StatsCallback): Promise<Map<string, memjs.Statistics | Error>> | void {
        return memjs.deliverStats(this.commands.stats(''), callback);
    }

    /** Returns one group of statistics of each server, for example `items` or `settings`. */
    statsWithKey(group: string): Promise<Map<string, memjs.Statistics | Error>>;
    statsWithKey(group: string, callback: memjs.StatsCallback): void;
    statsWithKey(group: string, callback?: memjs.StatsCallback): Promise<Map<string, memjs.Statistics | Error>> | void {
        return memjs.deliverStats(this.commands.stats(group), callback);
    }

    /** Resets the statistics of each server. */
    resetStats(): Promise<Map<string, memjs.Statistics | Error>>;
    resetStats(callback: memjs.StatsCallback): void;
    resetStats(callback?: memjs.StatsCallback): Promise<Map<string, memjs.Statistics | Error>> | void {
        return memjs.deliverStats(this.commands.stats('reset'), callback);
    }

    /** Returns the counts of each server, without a request. `close` keeps them. */
    getStats(): readonly ServerStats[] {
        return this.cluster.servers.map(server => server.getStats());
    }

    /** Probes each server on a connection of its own. Concurrent calls share one probe. */
    checkHealth(): Promise<readonly ServerHealthReport[]> {
        return this.cluster.checkHealth();
    }

    /** Returns the server for a key. With `failover`, returns the next server that is up. */
    server(key: string): ServerInfo {
        return this.cluster.server(key);
    }

    /** Returns the index of `server(key)` in `servers`. */
    getServer(key: string): number {
        return this.cluster.indexOf(key);
    }

    /** Returns the home server of a key, also while it is down. */
    homeServer(key: string): ServerInfo {
        return this.cluster.homeServer(key);
    }

    /**
     * Returns the epoch of the home server of a key, for `casSet` and `casDelete`. If the servers
     * may change during a `gets`, call `homeServer(key)` before the `gets`. Read the epoch of that
     * server after the `gets`.
     */
    epoch(key: string): number {
        return this.cluster.homeServer(key).epoch;
    }

    /** Returns the number of sockets that are open or opening. 0 after `close`. */
    get socketCount(): number {
        return this.cluster.socketCount;
    }

    /** Returns the number of calls that have not settled. 0 after `close`. */
    get pendingCount(): number {
        return this.cluster.pendingCount;
    }

    /** Returns the number of running timers. 0 after `close`. */
    get timerCount(): number {
        return this.cluster.timerCount;
    }

    private store(
        mode: StoreMode,
        key: string,
        value: ValueInput,
        a: OptionsOrCallback,
        b: CallbackOrExpiry,
    ): Promise<boolean> | void {
        const [options, callback] = memjs.storeArguments(a, b);
        const read = memjs.checkCallback(callback) ?? readCallOptions(options, this.defaults.store);
        const stored = withOptions(read, known => this.commands.store(mode, key, value, known));
        return memjs.deliver(stored, callback, memjs.resultOnly);
    }

    private count(
        mode: CountMode,
        key: string,
        amount: number | bigint,
        [a, b]: memjs.CounterArguments,
    ): Promise<CounterResult> | void {
        const [options, callback] = memjs.optionsAndCallback<CounterOptions, memjs.CounterCallback>(a, b);
        const read = memjs.checkCallback(callback) ?? readCallOptions(options, this.defaults.counter);
        const counted = withOptions(read, known => this.commands.count(mode, key, amount, known));
        return memjs.deliver(counted, callback, memjs.successAndValue);
    }

    /** Returns no default if it is 0. A call without an expiry must not keep a value forever. */
    private touchExpiry(expires: number | undefined): number {
        return (expires ?? (this.defaults.store.expires || expires)) as number;
    }
}

function withOptions<Options, T>(read: Options | Error, call: (options: Options) => Promise<T>): Promise<T> {
    return read instanceof Error ? Promise.reject(read) : call(read);
}
