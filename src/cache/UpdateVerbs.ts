import { casDisabled, notOpened } from '../client/model/errors';
import type { Item } from '../client/model/Item';
import { Sleeper } from '../util/Sleeper';
import type { AnyContext } from '../component/ComponentLogger';
import { invalidFunction, notText, updateConflict } from './model/errors';
import { Timeout } from '../util/Timeout';
import { KeyedMutex } from '../util/KeyedMutex';
import type { CacheEngine } from './engine/CacheEngine';

/** From what a key holds, null when that is nothing, to what it shall hold; null and undefined remove the entry. May be asked more than once. */
export type Change<T> = (value: T | null) => T | null | undefined | PromiseLike<T | null | undefined>;

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/** What a change answers that changes nothing. */
const UNCHANGED = Symbol('unchanged');

/**
 * Read, compute, compare and set; again when somebody else was faster. Within this process the updates of a key take turns, so that they do not
 * race each other.
 */
export class UpdateVerbs {
    private readonly turns = new KeyedMutex();
    private readonly pauses = new Sleeper();
    private readonly limits = new Set<Timeout>();

    constructor(private readonly values: CacheEngine) {}

    /** What waits is given up; what has been sent is awaited. */
    stop(): void {
        for (const limit of this.limits) limit.expire(notOpened());
        this.pauses.wakeAll();
    }

    /** @throws ConflictException UPDATE_CONFLICT when others are faster each time, or do not let go of the key, for `options.update_timeout` */
    async update<T>(
        context: AnyContext,
        key: string,
        change: Change<T>,
        timeout: number | null | undefined,
    ): Promise<T | null> {
        if (typeof change !== 'function') throw invalidFunction('what computes the new value', change);
        return (await this.perform(context, key, change as Change<unknown>, timeout)) as T | null;
    }

    /** false: there is nothing to join to. */
    async join(
        context: AnyContext,
        key: string,
        more: unknown,
        timeout: number | null | undefined,
        join: (old: string, more: string) => string,
    ): Promise<boolean> {
        if (typeof more !== 'string') throw notText('what is to be joined');
        const change = (value: unknown): unknown => {
            if (value === null) return UNCHANGED;
            if (typeof value !== 'string') throw notText(`what ${key} holds`);
            return join(value, more);
        };
        return (await this.perform(context, key, change, timeout)) !== UNCHANGED;
    }

    private async perform(
        context: AnyContext,
        key: string,
        change: Change<unknown>,
        timeout: number | null | undefined,
    ): Promise<unknown> {
        const { values } = this;
        const expires = values.expirySeconds(context, timeout);
        const found = values.keys.resolve(key);
        const fullKey = typeof found === 'string' ? found : await found;
        const { updateTimeout } = values.options;
        let tries = 0;
        const limit = new Timeout(updateTimeout, () => updateConflict(key, tries, updateTimeout));
        this.limits.add(limit);
        const turn = this.turns.acquire(fullKey);
        try {
            await limit.race(turn);
            for (;;) {
                const { commands } = values;
                const { epoch, address } = commands.cluster.server(fullKey);
                const item = await commands.gets(fullKey);
                limit.check();
                if (item.value !== null) {
                    if (item.cas === 0n) throw casDisabled(address);
                    // A connection has come or gone meanwhile: the CAS may be that of another process.
                    if (commands.cluster.server(fullKey).epoch !== epoch) continue;
                }
                tries++;
                const old = item.value === null ? null : await values.decode(context, item);
                const changed = change(old);
                const value = (isThenable(changed) ? await limit.race(changed) : changed) ?? null;
                if (value === UNCHANGED) return value;
                if (await this.swap(fullKey, item, value, expires, epoch)) return value;
                limit.check();
                await this.pauses.sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries));
                limit.check();
            }
        } finally {
            void turn.then(end => end());
            limit.cancel();
            this.limits.delete(limit);
        }
    }

    /** Puts the new value in the place of the item that was read; false: it is there no more. */
    private async swap(fullKey: string, item: Item, value: unknown, expires: number, epoch: number): Promise<boolean> {
        const { values } = this;
        const { commands } = values;
        if (value === null) {
            if (item.value === null) return true;
            values.forget(fullKey);
            return (await commands.casDelete(fullKey, item.cas, { epoch })) === 'deleted';
        }
        const { value: bytes, flags } = await values.encode(value);
        const stored =
            item.value === null
                ? await commands.store('add', fullKey, bytes, { expires, flags })
                : (await commands.casSet(fullKey, bytes, item.cas, { expires, flags, epoch })).outcome === 'stored';
        if (stored) values.recordStored(fullKey);
        return stored;
    }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
    return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
