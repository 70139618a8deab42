import type { CounterOptions, StoreOptions } from './model/CallOptions';
import { checkExpiry, checkValue, toUint64 } from './model/validate';
import { TouchCall } from './calls/getCalls';
import { StoreCall, ConcatCall } from './calls/storeCalls';
import { DeleteCall } from './calls/deleteCalls';
import { CounterCall } from './calls/CounterCall';
import {
    deliver,
    toCallback,
    parseStoreCallback,
    parseStoreOptions,
    type Callback,
    type CallbackOrExpiry,
    type CounterArguments,
    type CounterCallback,
    type GetCallback,
    type OptionsOrCallback,
} from './memjs/callbacks';
import { Outcome, type ConcatMode, type CountMode, type StoreMode } from './protocol/Protocol';
import { refused } from './protocol/refusal';
import { NoopCall, StatCall, VersionCall } from './calls/serverCalls';
import { Commands, type ValueInput } from './Commands';

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
export class MemcachedClient extends Commands {
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
        deliver(
            promise,
            item => callback(null, item.value, item.flags),
            error => callback(error, null, null),
        );
    }

    /** Stores the value, whatever is there; true. */
    set(key: string, value: ValueInput, options?: StoreOptions): Promise<boolean>;
    /** With a callback. */
    set(key: string, value: ValueInput, options: StoreOptions, callback: Callback<boolean>): void;
    /** memjs's old form. */
    set(key: string, value: ValueInput, callback: Callback<boolean>, expires?: number): void;
    set(key: string, value: ValueInput, a?: OptionsOrCallback, b?: CallbackOrExpiry): Promise<boolean> | void {
        return this.store('set', key, value, a, b);
    }

    /** Only when there is no such key; false: there is. */
    add(key: string, value: ValueInput, options?: StoreOptions): Promise<boolean>;
    add(key: string, value: ValueInput, options: StoreOptions, callback: Callback<boolean>): void;
    add(key: string, value: ValueInput, callback: Callback<boolean>, expires?: number): void;
    add(key: string, value: ValueInput, a?: OptionsOrCallback, b?: CallbackOrExpiry): Promise<boolean> | void {
        return this.store('add', key, value, a, b);
    }

    /** Only when there is such a key; false: there is not. */
    replace(key: string, value: ValueInput, options?: StoreOptions): Promise<boolean>;
    replace(key: string, value: ValueInput, options: StoreOptions, callback: Callback<boolean>): void;
    replace(key: string, value: ValueInput, callback: Callback<boolean>, expires?: number): void;
    replace(key: string, value: ValueInput, a?: OptionsOrCallback, b?: CallbackOrExpiry): Promise<boolean> | void {
        return this.store('replace', key, value, a, b);
    }

    /** false: there was no such key. */
    delete(key: string): Promise<boolean>;
    delete(key: string, callback: Callback<boolean>): void;
    delete(key: string, callback?: Callback<boolean>): Promise<boolean> | void {
        return toCallback(this.run(key, new DeleteCall(key)), callback);
    }

    /** 64 bits (memjs: wrong from 2^32 on), wrapping at 2^64. */
    increment(key: string, amount: number | bigint, options?: CounterOptions): Promise<CounterResult>;
    increment(key: string, amount: number | bigint, options: CounterOptions, callback: CounterCallback): void;
    increment(key: string, amount: number | bigint, callback: CounterCallback): void;
    increment(key: string, amount: number | bigint, ...rest: CounterArguments): Promise<CounterResult> | void {
        return this.count('increment', key, amount, rest);
    }

    /** 64 bits, stopping at 0. */
    decrement(key: string, amount: number | bigint, options?: CounterOptions): Promise<CounterResult>;
    decrement(key: string, amount: number | bigint, options: CounterOptions, callback: CounterCallback): void;
    decrement(key: string, amount: number | bigint, callback: CounterCallback): void;
    decrement(key: string, amount: number | bigint, ...rest: CounterArguments): Promise<CounterResult> | void {
        return this.count('decrement', key, amount, rest);
    }

    /** false: there is no such key. */
    append(key: string, value: ValueInput): Promise<boolean>;
    append(key: string, value: ValueInput, callback: Callback<boolean>): void;
    append(key: string, value: ValueInput, callback?: Callback<boolean>): Promise<boolean> | void {
        return toCallback(this.concat('append', key, value), callback);
    }

    /** false: there is no such key. memjs sends APPEND's opcode here. */
    prepend(key: string, value: ValueInput): Promise<boolean>;
    prepend(key: string, value: ValueInput, callback: Callback<boolean>): void;
    prepend(key: string, value: ValueInput, callback?: Callback<boolean>): Promise<boolean> | void {
        return toCallback(this.concat('prepend', key, value), callback);
    }

    /** Changes the expiry, to 0 (never) too; false: there is no such key. */
    touch(key: string, expires: number): Promise<boolean>;
    touch(key: string, expires: number, callback: Callback<boolean>): void;
    touch(key: string, expires: number, callback?: Callback<boolean>): Promise<boolean> | void {
        const problem = checkExpiry(expires);
        const done = problem ? Promise.reject<boolean>(problem) : this.run(key, new TouchCall(key, expires));
        return toCallback(done, callback);
    }

    /** Resolves when every server has answered. */
    async noop(): Promise<void> {
        await Promise.all(this.allServers.map(node => this.runOn(node, new NoopCall())));
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

    private store(
        mode: StoreMode,
        key: string,
        value: ValueInput,
        a: OptionsOrCallback,
        b: CallbackOrExpiry,
    ): Promise<boolean> | void {
        const spec = this.spec(value, parseStoreOptions(a, b));
        const isBad = spec instanceof Error;
        const done = isBad ? Promise.reject<boolean>(spec) : this.run(key, new StoreCall(mode, key, spec));
        return toCallback(done, parseStoreCallback(a, b));
    }

    private concat(mode: ConcatMode, key: string, value: ValueInput): Promise<boolean> {
        const problem = checkValue(value, this.settings.maxValueBytes);
        return problem ? Promise.reject(problem) : this.run(key, new ConcatCall(mode, key, value));
    }

    private count(
        mode: CountMode,
        key: string,
        amount: number | bigint,
        [a, b]: CounterArguments,
    ): Promise<CounterResult> | void {
        const callback = typeof a === 'function' ? a : b;
        const done = this.countAgain(mode, key, amount, typeof a === 'function' ? {} : (a ?? {}));
        if (typeof callback !== 'function') return done;
        deliver(
            done,
            ({ success, value }) => callback(null, success, value),
            error => callback(error, null, null),
        );
    }

    private async countAgain(
        mode: CountMode,
        key: string,
        amount: number | bigint,
        { initial = 0, expires = 0, pinned }: CounterOptions,
    ): Promise<CounterResult> {
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
            const value = await this.run(key, call, { pinned });
            ({ deadlineMs } = call);
            if (value !== 'raced') return { success: value !== null, value };
            if (tries === COUNTER_TRIES) throw refused(this.server(key).address, Outcome.NOT_STORED);
        }
    }
}
