import { casDisabled, notOpened } from '../client/model/errors';
import type { Item } from '../client/model/Item';
import type { AnyContext } from '../component/ComponentLogger';
import { backoffMs, type Backoff } from '../util/backoff';
import { KeyedMutex } from '../util/KeyedMutex';
import { Sleeper } from '../util/Sleeper';
import { Timeout } from '../util/Timeout';
import type { CacheEngine } from './engine/CacheEngine';
import type { TimeoutMs } from './model/checkTimeout';
import { invalidFunction, notText, updateConflict } from './model/errors';

/**
 * A function that computes the new value from the current one, which is null if there is none. Null
 * and undefined remove the entry. `update` may call it more than once.
 */
export type Change<T> = (value: T | null) => T | null | undefined | PromiseLike<T | null | undefined>;

/** The pause between a conflict and the next read. */
const RETRY_PAUSE: Backoff = { firstMs: 2, maxMs: 50, jitter: 1 };

/** The result of a change that changes nothing. */
const UNCHANGED = Symbol('unchanged');

/**
 * Verbs that read, compute, compare and set. They repeat this if another process is faster.
 * Updates of one key in this process run one after the other, so they do not conflict.
 */
export class UpdateVerbs {
    private readonly turns = new KeyedMutex();
    private readonly pauses = new Sleeper();
    private readonly limits = new Set<Timeout>();

    constructor(private readonly engine: CacheEngine) {}

    /** Rejects waiting updates. Awaits requests in flight. */
    stop(): void {
        for (const limit of this.limits) limit.expire(notOpened());
        this.pauses.wakeAll();
    }

    /** @throws ConflictException UPDATE_CONFLICT */
    update<T>(context: AnyContext, key: string, change: Change<T>, timeout: TimeoutMs): Promise<T | null> {
        return this.engine.decide(context, async () => {
            if (typeof change !== 'function') throw invalidFunction('change function', change);
            return (await this.perform(context, key, change as Change<unknown>, timeout)) as T | null;
        });
    }

    /** Appends or prepends to the text. Returns false if the key has no value. */
    join(
        context: AnyContext,
        key: string,
        text: unknown,
        timeout: TimeoutMs,
        join: (old: string, text: string) => string,
    ): Promise<boolean> {
        return this.engine.decide(context, async () => {
            if (typeof text !== 'string') throw notText('the given value');
            const change = (value: unknown): unknown => {
                if (value === null) return UNCHANGED;
                if (typeof value !== 'string') throw notText(`the value of ${key}`);
                return join(value, text);
            };
            return (await this.perform(context, key, change, timeout)) !== UNCHANGED;
        });
    }

    private perform(context: AnyContext, key: string, change: Change<unknown>, timeout: TimeoutMs): Promise<unknown> {
        const { engine } = this;
        const expires = engine.expirySeconds(context, timeout);
        const { updateTimeout } = engine.options;
        return engine.keys.withFullKey(key, async fullKey => {
            let tries = 0;
            const limit = new Timeout(updateTimeout, () => updateConflict(key, tries, updateTimeout));
            this.limits.add(limit);
            const turn = this.turns.acquire(fullKey);
            try {
                await limit.race(turn);
                for (;;) {
                    const { commands } = engine;
                    const { epoch, address } = commands.cluster.server(fullKey);
                    // An earlier write may still compress its value.
                    const item = await engine.writes.send(fullKey, null, () => commands.gets(fullKey));
                    limit.check();
                    if (item.value !== null) {
                        if (item.cas === 0n) throw casDisabled(address);
                        // In another epoch a different value may have the same CAS.
                        if (commands.cluster.server(fullKey).epoch !== epoch) continue;
                    }
                    tries++;
                    const old = item.value === null ? null : await engine.decode(context, item);
                    const changed = change(old);
                    const value = (isThenable(changed) ? await limit.race(changed) : changed) ?? null;
                    if (value === UNCHANGED) return value;
                    if (await this.replace(fullKey, item, value, expires, epoch)) return value;
                    limit.check();
                    await this.pauses.sleep(backoffMs(tries - 1, RETRY_PAUSE));
                    limit.check();
                }
            } finally {
                void turn.then(end => end());
                limit.cancel();
                this.limits.delete(limit);
            }
        });
    }

    /** Replaces the item by the new value. Returns false if the item has changed. */
    private async replace(
        fullKey: string,
        item: Item,
        value: unknown,
        expires: number,
        epoch: number,
    ): Promise<boolean> {
        const { engine } = this;
        const { commands } = engine;
        if (value === null) {
            if (item.value === null) return true;
            engine.forget(fullKey);
            return (await commands.casDelete(fullKey, item.cas, { epoch })) === 'deleted';
        }
        const { value: bytes, flags } = await engine.encode(value);
        const isStored =
            item.value === null
                ? await commands.store('add', fullKey, bytes, { expires, flags })
                : (await commands.casSet(fullKey, bytes, item.cas, { expires, flags, epoch })).outcome === 'stored';
        if (isStored) engine.recordStored(fullKey);
        return isStored;
    }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
    return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
