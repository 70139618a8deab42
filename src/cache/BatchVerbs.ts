import { isIterable } from '../client/model/validate';
import { invalidBatch, isUnavailable } from '../client/model/errors';
import type { Fetched } from '../client/calls/getCalls';
import type { AnyContext } from '../component/ComponentLogger';
import { withTraceId } from '../component/withTraceId';
import { batchFailed } from './model/errors';
import type { CacheEngine } from './engine/CacheEngine';
import type { TimeoutMs } from './model/checkTimeout';
import type { Encoded } from './values/valueCodec';

/** The entries of `storeMany`: a Map, a plain object, or pairs. */
export type Entries = Iterable<readonly [string, unknown]> | Readonly<Record<string, unknown>>;

const NONE: ReadonlyMap<string, never> = new Map<string, never>();

/** Verbs on many keys. They check and encode all arguments before they send a byte. */
export class BatchVerbs {
    constructor(private readonly engine: CacheEngine) {}

    async retrieve(context: AnyContext, keys: Iterable<string>): Promise<Map<string, unknown>> {
        const { engine } = this;
        try {
            const wanted = toKeys(keys);
            const held = new Array<Fetched | undefined>(wanted.length);
            const { fullKeys, failed } = await engine.keys.each(wanted, async (ready, indexes) => {
                const answer = await engine.commands.getManyText(ready);
                answer.found.forEach((one, i) => (held[indexes === null ? i : indexes[i]!] = one));
                return answer.failed;
            });
            const found = await this.decode(context, wanted, held);
            engine.metrics.count('hits', found.size);
            engine.metrics.count('misses', wanted.length - found.size - failed.size);
            this.throwFailed(context, wanted, fullKeys, failed, found);
            return found;
        } catch (error) {
            return engine.fallback(context, error, new Map<string, unknown>());
        }
    }

    async store(context: AnyContext, entries: Entries, timeout: TimeoutMs): Promise<void> {
        const { engine } = this;
        try {
            const expires = engine.expirySeconds(context, timeout);
            const keys: string[] = [];
            const removed: string[] = [];
            const encoding: (Encoded | Promise<Encoded>)[] = [];
            let isCompressing = false;
            for (const [key, value] of toEntries(entries)) {
                if (value === null || value === undefined) {
                    removed.push(key);
                    continue;
                }
                const encoded = engine.encode(value);
                isCompressing ||= encoded instanceof Promise;
                keys.push(key);
                encoding.push(encoded);
            }
            // If a batch is larger than `max_size`, the cache stores its last values.
            const surplus = engine.surplusOf(keys.length);
            // An invalid value fails the batch, even if there is no room for it.
            const dropped = encoding.splice(0, surplus);
            removed.push(...keys.splice(0, surplus));
            const all = removed.length === 0 ? keys : keys.concat(removed);
            const { fullKeys, failed } = await engine.keys.each(all, (ready, indexes) => {
                const these = indexes === null ? encoding : indexes.filter(i => i < keys.length).map(i => encoding[i]!);
                const inputs = surplus === 0 ? these : these.concat(dropped);
                return engine.writes.sendMany(ready, inputs, !isCompressing, async encoded => {
                    if (these.length === ready.length) return engine.setAll(context, ready, encoded, expires);
                    // The removals go first, so that they make room for new values.
                    const [kept, failed] = await Promise.all([
                        engine.deleteAll(ready.slice(these.length)),
                        engine.setAll(context, ready.slice(0, these.length), encoded, expires),
                    ]);
                    return new Map([...failed, ...kept]);
                });
            });
            if (surplus > 0) engine.metrics.note(context, 'evicted', [engine.options.maxSize], surplus);
            this.throwFailed(context, all, fullKeys, failed, NONE);
        } catch (error) {
            engine.fallback(context, error, undefined);
        }
    }

    async remove(context: AnyContext, keys: Iterable<string>): Promise<void> {
        const { engine } = this;
        try {
            const wanted = toKeys(keys);
            const { fullKeys, failed } = await engine.keys.each(wanted, ready =>
                engine.writes.sendMany(ready, [], true, () => engine.deleteAll(ready)),
            );
            this.throwFailed(context, wanted, fullKeys, failed, NONE);
        } catch (error) {
            engine.fallback(context, error, undefined);
        }
    }

    /** Returns the values in the order of the keys. */
    private async decode(
        context: AnyContext,
        keys: readonly string[],
        held: readonly (Fetched | undefined)[],
    ): Promise<Map<string, unknown>> {
        const found = new Map<string, unknown>();
        let isCompressed = false;
        for (let i = 0; i < keys.length; i++) {
            const one = held[i];
            if (one === undefined) continue;
            const value = this.engine.decode(context, one);
            isCompressed ||= value instanceof Promise;
            if (value !== null) found.set(keys[i]!, value);
        }
        if (!isCompressed) return found;
        for (const [key, value] of found) {
            const inflated: unknown = await value;
            if (inflated === null) found.delete(key);
            else found.set(key, inflated);
        }
        return found;
    }

    /** Throws BATCH_FAILED, unless `fail_soft` turns the failed keys into misses. */
    private throwFailed(
        context: AnyContext,
        keys: readonly string[],
        fullKeys: readonly string[],
        failed: ReadonlyMap<string, Error>,
        found: ReadonlyMap<string, unknown>,
    ): void {
        const { engine } = this;
        if (failed.size === 0) return;
        const errors = new Map<string, Error>();
        fullKeys.forEach((fullKey, i) => {
            const error = failed.get(fullKey);
            if (error === undefined) return;
            if (engine.options.failSoft && isUnavailable(error)) engine.metrics.onUnavailable(context, error);
            else errors.set(keys[i]!, withTraceId(error, context));
        });
        if (errors.size > 0) throw batchFailed(errors, found, keys.length);
    }
}

function toKeys(keys: unknown): string[] {
    if (!isIterable(keys)) throw invalidBatch('expected keys to be a list of strings');
    return [...new Set(keys as Iterable<string>)];
}

/** Returns the entries as pairs. If a key repeats, its last value counts. */
function toEntries(entries: unknown): Iterable<readonly [string, unknown]> {
    if (entries instanceof Map) return entries as Map<string, unknown>;
    if (isPlain(entries)) return Object.entries(entries);
    if (!isIterable(entries)) throw invalidBatch('expected entries to be a Map, a plain object or a list of pairs');
    const map = new Map<string, unknown>();
    for (const pair of entries) {
        if (!Array.isArray(pair) || pair.length !== 2) throw invalidBatch('expected each entry to be [key, value]');
        map.set(pair[0] as string, pair[1]);
    }
    return map;
}

/** Returns whether the value's own properties are entries. A promise or a date has none. */
function isPlain(value: unknown): value is Record<string, unknown> {
    if (typeof value !== 'object' || value === null) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    // Objects of another realm have another Object.prototype.
    return (prototype === null || Object.getPrototypeOf(prototype) === null) && !isIterable(value);
}
