import { casDisabled } from '../client/errors';
import type { Item } from '../client/Item';
import { Pauses } from '../client/Pauses';
import type { AnyContext } from '../connect/ComponentLog';
import { invalidFunction, notText, updateConflict } from './errors';
import { Turns } from './Turns';
import type { ValueStore } from './ValueStore';

/** From what a key holds, null when that is nothing, to what it shall hold; null and undefined remove the entry. May be asked more than once. */
export type Change<T> = (value: T | null) => T | null | undefined | PromiseLike<T | null | undefined>;

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/**
 * Read, compute, compare and set; again when somebody else was faster. Within this process the updates of a key take turns, so that they do not
 * race each other.
 */
export class Updates {
    private readonly turns = new Turns();
    private readonly pauses = new Pauses();

    constructor(private readonly values: ValueStore) {}

    /** What waits is given up. */
    stop(): void {
        this.pauses.wakeAll();
    }

    /** @throws ConflictException UPDATE_CONFLICT when others are faster each time, or do not let go of the key, for `options.update_timeout` */
    async update<T>(
        context: AnyContext,
        key: string,
        change: Change<T>,
        timeout: number | null | undefined,
    ): Promise<T | null> {
        const { values } = this;
        if (typeof change !== 'function') throw invalidFunction('what computes the new value', change);
        const expires = values.expirySeconds(context, timeout);
        const fullKey = await values.keys.find(key);
        const { client } = values;
        const { updateTimeout } = values.options;
        const begunMs = performance.now();
        let tries = 0;
        const conflict = (): Error => updateConflict(key, tries, updateTimeout);
        const step = async (): Promise<T | null> => {
            for (;;) {
                tries++;
                const { generation, address } = client.server(fullKey);
                const item = await client.gets(fullKey);
                if (item.value !== null && item.cas === 0n) throw casDisabled(address);
                const old = item.value === null ? null : ((await values.decode(context, item)) as T | null);
                const value = (await change(old)) ?? null;
                if (await this.swap(context, fullKey, item, value, expires, generation)) return value;
                const pauseMs = Math.random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
                if (performance.now() + pauseMs - begunMs > updateTimeout) throw conflict();
                await this.pauses.pause(pauseMs);
            }
        };
        return this.turns.takeWithin(fullKey, step, updateTimeout, conflict);
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
        const joined = await this.update<unknown>(
            context,
            key,
            value => {
                if (value === null) return null;
                if (typeof value !== 'string') throw notText(`what ${key} holds`);
                return join(value, more);
            },
            timeout,
        );
        return joined !== null;
    }

    /** Puts the new value in the place of the item that was read; false: it is there no more. */
    private async swap(
        context: AnyContext,
        fullKey: string,
        item: Item,
        value: unknown,
        expires: number,
        generation: number,
    ): Promise<boolean> {
        const { values } = this;
        const { client } = values;
        if (value === null) {
            if (item.value === null) return true;
            values.forget(fullKey);
            return (await client.casDelete(fullKey, item.cas, { generation })) === 'deleted';
        }
        const { value: bytes, flags } = await values.encode(value);
        const stored =
            item.value === null
                ? await client.add(fullKey, bytes, { expires, flags })
                : (await client.casSet(fullKey, bytes, item.cas, { expires, flags, generation })).outcome === 'stored';
        if (stored) await values.count(context, [fullKey]);
        return stored;
    }
}
