import type { Item } from '../client/Item';
import { isAway } from '../client/errors';
import type { AnyContext } from '../connect/ComponentLog';
import { withTraceId } from '../connect/MemcachedConnection';
import { batchFailed, invalidBatch } from './errors';
import type { ValueStore } from './ValueStore';
import type { Encoded } from './values';

/** What `storeMany` takes: a Map, a plain object, or pairs. */
export type Entries = Iterable<readonly [string, unknown]> | Readonly<Record<string, unknown>>;

const NOTHING: ReadonlyMap<string, unknown> = new Map();

/** Verbs on many keys. Everything is checked and encoded before the first byte is sent: of a batch that is wrong nothing is done. */
export class Batches {
    constructor(private readonly values: ValueStore) {}

    async retrieve(context: AnyContext, keys: Iterable<string>): Promise<Map<string, unknown>> {
        const { values } = this;
        try {
            const wanted = toKeys(keys);
            const fullKeys = await values.keys.findAll(wanted);
            const { items, failed } = await values.client.getMany(fullKeys);
            const found = await this.decode(context, wanted, fullKeys, items);
            values.events.count('hits', found.size);
            values.events.count('misses', wanted.length - found.size - failed.size);
            this.settle(context, wanted, fullKeys, failed, found);
            return found;
        } catch (error) {
            return values.soften(context, error, new Map<string, unknown>());
        }
    }

    async store(context: AnyContext, entries: Entries, timeout: number | null | undefined): Promise<void> {
        const { values } = this;
        try {
            const expires = values.expirySeconds(context, timeout);
            const keys: string[] = [];
            const emptied: string[] = [];
            const encoding: (Encoded | Promise<Encoded>)[] = [];
            for (const [key, value] of toEntries(entries)) {
                if (value === null || value === undefined) {
                    emptied.push(key);
                } else {
                    keys.push(key);
                    encoding.push(values.encode(value));
                }
            }
            const all = keys.concat(emptied);
            const fullKeys = await values.keys.findAll(all);
            const write = async (): Promise<Map<string, Error>> => {
                const encoded: Encoded[] = [];
                for (const one of encoding) encoded.push(one instanceof Promise ? await one : one);
                const triples = encoded.map(({ value, flags }, i) => [fullKeys[i]!, value, flags] as const);
                const stored = fullKeys.slice(0, keys.length);
                // A value that is too large is refused here, before anything is sent.
                const { failed } = await values.client.setMany(triples, { expires });
                await values.count(context, failed.size === 0 ? stored : stored.filter(one => !failed.has(one)));
                for (const [fullKey, error] of await this.delete(fullKeys.slice(keys.length))) {
                    failed.set(fullKey, error);
                }
                return failed;
            };
            const mayPass = values.isInOrder && !encoding.some(one => one instanceof Promise);
            const failed = await (mayPass ? write() : values.allInOrder(fullKeys, write));
            this.settle(context, all, fullKeys, failed, NOTHING);
        } catch (error) {
            values.soften(context, error, undefined);
        }
    }

    async remove(context: AnyContext, keys: Iterable<string>): Promise<void> {
        const { values } = this;
        try {
            const wanted = toKeys(keys);
            const fullKeys = await values.keys.findAll(wanted);
            const write = (): Promise<Map<string, Error>> => this.delete(fullKeys);
            const failed = await (values.isInOrder ? write() : values.allInOrder(fullKeys, write));
            this.settle(context, wanted, fullKeys, failed, NOTHING);
        } catch (error) {
            values.soften(context, error, undefined);
        }
    }

    private async delete(fullKeys: readonly string[]): Promise<Map<string, Error>> {
        if (fullKeys.length === 0) return new Map();
        for (const fullKey of fullKeys) this.values.forget(fullKey);
        return (await this.values.client.deleteMany(fullKeys)).failed;
    }

    /** In the order in which the keys were given. */
    private async decode(
        context: AnyContext,
        keys: readonly string[],
        fullKeys: readonly string[],
        items: ReadonlyMap<string, Item>,
    ): Promise<Map<string, unknown>> {
        const decoding = fullKeys.map(fullKey => this.values.decode(context, items.get(fullKey) ?? null));
        const isCompressed = decoding.some(value => value instanceof Promise);
        const decoded = isCompressed ? await Promise.all(decoding) : decoding;
        const found = new Map<string, unknown>();
        decoded.forEach((value, i) => {
            if (value !== null) found.set(keys[i]!, value);
        });
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
        if (failed.size === 0) return values.events.answered(context);
        const mistakes = new Map<string, Error>();
        fullKeys.forEach((fullKey, i) => {
            const error = failed.get(fullKey);
            if (error === undefined) return;
            if (values.options.failSoft && isAway(error)) values.events.softened(context, error);
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
    if (entries === null || typeof entries !== 'object')
        throw invalidBatch('entries are no Map, object or list of pairs');
    if (!isIterable(entries)) return Object.entries(entries);
    const map = new Map<string, unknown>();
    for (const pair of entries) {
        if (!Array.isArray(pair) || pair.length !== 2)
            throw invalidBatch('one of the entries is no pair of key and value');
        map.set(pair[0] as string, pair[1]);
    }
    return map;
}

function isIterable(value: unknown): value is Iterable<unknown> {
    return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
