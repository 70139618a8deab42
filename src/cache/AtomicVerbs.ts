import type { AnyContext } from '../component/ComponentLogger';
import { findUnknown, isOptions } from '../util/options';
import { invalidCountOptions } from './model/errors';
import type { CacheEngine } from './engine/CacheEngine';
import type { TimeoutMs } from './model/checkTimeout';

/** An amount of a counter. From 2^53 on, it is a bigint. */
export type Amount = number | bigint;

/** Options of a new counter. Existing counters ignore them. */
export interface CountOptions {
    /** The value of a new counter. If absent, the verb creates no counter. */
    readonly initial?: Amount | null | undefined;
    /** The lifetime of a new counter, in ms. Absent: `options.timeout`. */
    readonly timeout?: number | null | undefined;
}

const NAMES: Readonly<Record<keyof CountOptions, true>> = { initial: true, timeout: true };

/** The verbs that memcached executes atomically. */
export class AtomicVerbs {
    constructor(private readonly engine: CacheEngine) {}

    store(
        verb: 'add' | 'replace',
        context: AnyContext,
        key: string,
        value: unknown,
        timeout: TimeoutMs,
    ): Promise<boolean> {
        const { engine } = this;
        return engine.decide(context, async () => {
            const encoded = engine.encode(value);
            const expires = engine.expirySeconds(context, timeout);
            return engine.keys.withFullKey(key, fullKey =>
                engine.writes.send(fullKey, encoded, async ({ value: bytes, flags }) => {
                    const isStored = await engine.commands.store(verb, fullKey, bytes, { expires, flags });
                    if (isStored) engine.recordStored(fullKey);
                    return isStored;
                }),
            );
        });
    }

    count(
        verb: 'increment' | 'decrement',
        context: AnyContext,
        key: string,
        by: Amount | null | undefined,
        options: CountOptions | null | undefined,
    ): Promise<Amount | null> {
        const { engine } = this;
        return engine.decide(context, async () => {
            checkCountOptions(options ?? {});
            const { initial = null, timeout } = options ?? {};
            const expires = engine.expirySeconds(context, timeout);
            return engine.keys.withFullKey(key, fullKey =>
                engine.writes.send(fullKey, null, async () => {
                    const { value } = await engine.commands.count(verb, fullKey, by ?? 1, { initial, expires });
                    if (value === null) return null;
                    engine.recordStored(fullKey);
                    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
                }),
            );
        });
    }
}

function checkCountOptions(options: CountOptions): void {
    if (!isOptions(options)) throw invalidCountOptions(`of type ${typeof options}`);
    const unknown = findUnknown(options, NAMES);
    if (unknown !== undefined) throw invalidCountOptions(unknown);
}
