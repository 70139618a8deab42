import { isIterable } from '../client/model/validate';
import { invalidBatch, isUnavailable } from '../client/model/errors';
import type { Fetched } from '../client/calls/getCalls';
import type { AnyContext } from '../component/ComponentLogger';
import { withTraceId } from '../component/withTraceId';
import { batchFailed } from './model/errors';
import type { CacheEngine } from './engine/CacheEngine';
import type { Encoded } from './values/valueCodec';

/** What `storeMany` takes: a Map, a plain object, or pairs. */
export type Entries = Iterable<readonly [string, unknown]> | Readonly<Record<string, unknown>>;

const NONE: ReadonlyMap<string, never> = new Map<string, never>();

/** Verbs on many keys. Everything is checked and encoded before the first byte is sent: of a batch that is wrong nothing is done. */
export class BatchVerbs {
    constructor(private readonly values: CacheEngine) {}

    async retrieve(context: AnyContext, keys: Iterable<string>): Promise<Map<string, unknown>> {
        const { values } = this;
        try {
            const wanted = toKeys(keys);
            let held: ReadonlyMap<string, Fetched> = NONE;
            const { fullKeys, failed } = await values.keys.each(wanted, async ready => {
                const answer = await values.commands.getManyText(ready);
                held = held.size === 0 ? answer.fetched : new Map([...held, ...answer.fetched]);
                return answer.failed;
            });
            const found = await this.decode(context, wanted, fullKeys, held);
            values.metrics.count('hits', found.size);
            values.metrics.count('misses', wanted.length - found.size - failed.size);
            this.settle(context, wanted, fullKeys, failed, found);
            return found;
        } catch (error) {
            return values.fallback(context, error, new Map<string, unknown>());
        }
    }

    async store(context: AnyContext, entries: Entries, timeout: number | null | undefined): Promise<void> {
        const { values } = this;
        try {
            const expires = values.expirySeconds(context, timeout);
            const keys: string[] = [];
            const emptied: string[] = [];
            const encoding: (Encoded | Promise<Encoded>)[] = [];
            let isCompressing = false;
            for (const [key, value] of toEntries(entries)) {
                if (value === null || value === undefined) {
                    emptied.push(key);
                    continue;
                }
                const encoded = values.encode(value);
                isCompressing ||= encoded instanceof Promise;
                keys.push(key);
                encoding.push(encoded);
            }
            const all = emptied.length === 0 ? keys : keys.concat(emptied);
            const { fullKeys, failed } = await values.keys.each(all, (ready, indexes) => {
                const these = indexes === null ? encoding : indexes.filter(i => i < keys.length).map(i => encoding[i]!);
                const write = async (): Promise<Map<string, Error>> => {
                    const encoded: Encoded[] = [];
                    for (const one of these) encoded.push(one instanceof Promise ? await one : one);
                    if (these.length === ready.length) return values.setAll(context, ready, encoded, expires);
                    // What goes makes room for what comes.
                    const [kept, failed] = await Promise.all([
                        values.deleteAll(ready.slice(these.length)),
                        values.setAll(context, ready.slice(0, these.length), encoded, expires),
                    ]);
                    return new Map([...failed, ...kept]);
                };
                const mayPass = values.hasNoPendingWrites && !isCompressing;
                return mayPass ? write() : values.allInOrder(ready, write);
            });
            this.settle(context, all, fullKeys, failed, NONE);
        } catch (error) {
            values.fallback(context, error, undefined);
        }
    }

    async remove(context: AnyContext, keys: Iterable<string>): Promise<void> {
        const { values } = this;
        try {
            const wanted = toKeys(keys);
            const { fullKeys, failed } = await values.keys.each(wanted, ready => {
                const write = (): Promise<Map<string, Error>> => values.deleteAll(ready);
                return values.hasNoPendingWrites ? write() : values.allInOrder(ready, write);
            });
            this.settle(context, wanted, fullKeys, failed, NONE);
        } catch (error) {
            values.fallback(context, error, undefined);
        }
    }

    /** In the order in which the keys were given. */
    private async decode(
        context: AnyContext,
        keys: readonly string[],
        fullKeys: readonly string[],
        held: ReadonlyMap<string, Fetched>,
    ): Promise<Map<string, unknown>> {
        const found = new Map<string, unknown>();
        let isCompressed = false;
        for (let i = 0; i < keys.length; i++) {
            const one = held.get(fullKeys[i]!);
            if (one === undefined) continue;
            const value = this.values.decode(context, one);
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

    /** Says which keys failed, unless they may count as misses. */
    private settle(
        context: AnyContext,
        keys: readonly string[],
        fullKeys: readonly string[],
        failed: ReadonlyMap<string, Error>,
        found: ReadonlyMap<string, unknown>,
    ): void {
        const { values } = this;
        if (failed.size === 0) return;
        const mistakes = new Map<string, Error>();
        fullKeys.forEach((fullKey, i) => {
            const error = failed.get(fullKey);
            if (error === undefined) return;
            if (values.options.failSoft && isUnavailable(error)) values.metrics.onUnavailable(context, error);
            else mistakes.set(keys[i]!, withTraceId(error, context));
        });
        if (mistakes.size > 0) throw batchFailed(mistakes, found, keys.length);
    }
}

function toKeys(keys: unknown): string[] {
    if (!isIterable(keys)) throw invalidBatch('keys are no list of texts');
    return [...new Set(keys as Iterable<string>)];
}

/** Of one key that comes twice the last value counts. */
function toEntries(entries: unknown): Iterable<readonly [string, unknown]> {
    if (entries instanceof Map) return entries as Map<string, unknown>;
    if (isPlain(entries)) return Object.entries(entries);
    if (!isIterable(entries)) throw invalidBatch('entries are no Map, plain object or list of pairs');
    const map = new Map<string, unknown>();
    for (const pair of entries) {
        if (!Array.isArray(pair) || pair.length !== 2)
            throw invalidBatch('one of the entries is no pair of key and value');
        map.set(pair[0] as string, pair[1]);
    }
    return map;
}

/** A promise or a date has entries too: none. */
function isPlain(value: unknown): value is Record<string, unknown> {
    if (typeof value !== 'object' || value === null) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    // Objects of another realm have another prototype of all.
    return (prototype === null || Object.getPrototypeOf(prototype) === null) && !isIterable(value);
}
