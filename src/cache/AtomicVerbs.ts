import type { AnyContext } from '../component/ComponentLogger';
import { invalidCountOptions } from './model/errors';
import type { CacheEngine } from './engine/CacheEngine';

/** What is counted: a bigint from 2^53 on. */
export type Amount = number | bigint;

/** What a counter begins with. */
export interface CountOptions {
    /** What the counter begins with when there is none; absent or null: then it is not made. */
    readonly initial?: Amount | null | undefined;
    /** ms until a counter that is made expires; absent: `options.timeout`. A counter that is there keeps its time. */
    readonly timeout?: number | null | undefined;
}

/** Verbs whose outcome memcached decides in one step. */
export class AtomicVerbs {
    constructor(private readonly values: CacheEngine) {}

    async store(
        verb: 'add' | 'replace',
        context: AnyContext,
        key: string,
        value: unknown,
        timeout: number | null | undefined,
    ): Promise<boolean> {
        const { values } = this;
        const encoded = values.encode(value);
        const expires = values.expirySeconds(context, timeout);
        const found = values.keys.resolve(key);
        const fullKey = typeof found === 'string' ? found : await found;
        const write = async (): Promise<boolean> => {
            const { value: bytes, flags } = encoded instanceof Promise ? await encoded : encoded;
            const isStored = await values.commands.store(verb, fullKey, bytes, { expires, flags });
            if (isStored) values.recordStored(fullKey);
            return isStored;
        };
        const mayPass = values.hasNoPendingWrites && !(encoded instanceof Promise);
        return mayPass ? write() : values.inOrder(fullKey, write);
    }

    async count(
        verb: 'increment' | 'decrement',
        context: AnyContext,
        key: string,
        by: Amount | null | undefined,
        options: CountOptions | null | undefined,
    ): Promise<Amount | null> {
        const { values } = this;
        if (typeof (options ?? {}) !== 'object') throw invalidCountOptions(options);
        const { initial = null, timeout } = options ?? {};
        const expires = values.expirySeconds(context, timeout);
        const found = values.keys.resolve(key);
        const fullKey = typeof found === 'string' ? found : await found;
        const { value } = await values.commands.count(verb, fullKey, by ?? 1, { initial, expires });
        if (value === null) return null;
        values.recordStored(fullKey);
        return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
    }
}
