import { BatchException, MemcachedCache } from 'pip-services4-memcached-node';
import { configOf } from '../../support/settings';
import { sleep } from '../../support/sleep';
import type { Value } from '../histories/RegisterHistory';
import { textOf, valueOf } from '../histories/texts';
import { nowMs, type Wrote } from './events';
import { LOAD_TIMEOUT_MS, STALE_FOR_MS, TIMEOUT_MS } from './plan';
import type { Outcome, Recorder } from './Recorder';

/** The ttl of stored values, which outlasts the test. Only values of loads expire earlier. */
const LONG_MS = 3_600_000;

export interface Shared {
    readonly servers: readonly number[];
    /** Whether the caches have `options.clear`. */
    readonly clears: boolean;
    readonly recorder: Recorder;
    readonly random: () => number;
    /** The `options.compress_min` of the cache, or 0. */
    readonly compressMin: number;
    /** A value that no other write stores. */
    newValue(): number;
}

/** A cache that records its calls. */
export class Instance {
    private readonly cache = new MemcachedCache();

    constructor(
        private readonly name: string,
        private readonly maxSize: number,
        private readonly shared: Shared,
    ) {
        const servers = shared.servers.map(port => ({ port }));
        const options = {
            prefix: 'p:',
            clear: shared.clears,
            max_size: maxSize,
            request_timeout: TIMEOUT_MS,
            connect_timeout: TIMEOUT_MS,
            update_timeout: 4 * TIMEOUT_MS,
            reconnect: 50,
            retry: 200,
            compress_min: shared.compressMin,
        };
        this.cache.configure(configOf(servers, options));
    }

    async open(): Promise<void> {
        // Open rejects while no server answers.
        for (;;) {
            try {
                return await this.cache.open(null);
            } catch {
                await sleep(50);
            }
        }
    }

    close(): Promise<void> {
        return this.cache.close(null);
    }

    async clear(): Promise<void> {
        const { answer, began, ended } = await this.call('clear', 'all:', 1, async () => {
            await this.cache.clear(null);
            return true;
        });
        this.shared.recorder.add({ what: 'cleared', by: this.name, isDone: answer !== null, began, ended });
    }

    async store(key: string): Promise<void> {
        const { value, text } = this.newText();
        const outcome = await this.call('store', key, 1, () => this.cache.store(null, key, text, LONG_MS));
        this.wrote('store', key, value, outcome, outcome.answer !== null);
    }

    async storeMany(keys: readonly string[]): Promise<void> {
        const { value, text } = this.newText();
        const entries = keys.map(key => [key, text] as const);
        const outcome = await this.call('storeMany', keys[0]!, keys.length, () =>
            this.cache.storeMany(null, entries, LONG_MS).then(() => true),
        );
        for (const key of keys) this.wrote('storeMany', key, value, outcome, isDone(outcome, key));
    }

    async remove(key: string): Promise<void> {
        const outcome = await this.call('remove', key, 1, async () => ({ held: await this.removed(key) }));
        this.wrote('remove', key, null, outcome, outcome.answer !== null);
        if (outcome.answer?.held) this.found('remove', key, valueOf(outcome.answer.held), outcome);
    }

    async removeMany(keys: readonly string[]): Promise<void> {
        const outcome = await this.call('removeMany', keys[0]!, keys.length, () =>
            this.cache.removeMany(null, keys).then(() => true),
        );
        for (const key of keys) this.wrote('removeMany', key, null, outcome, isDone(outcome, key));
    }

    async retrieve(key: string): Promise<void> {
        const outcome = await this.call('retrieve', key, 1, async () => ({ text: await this.held(key) }));
        if (outcome.answer !== null) this.found('retrieve', key, valueOf(outcome.answer.text), outcome);
    }

    async retrieveMany(keys: readonly string[]): Promise<void> {
        const outcome = await this.call('retrieveMany', keys[0]!, keys.length, () =>
            this.cache.retrieveMany<string>(null, keys),
        );
        const found = outcome.error instanceof BatchException ? outcome.error.found : outcome.answer;
        if (found === null) return;
        for (const key of keys) {
            if (isDone(outcome, key)) this.found('retrieveMany', key, valueOf(found.get(key) as string), outcome);
        }
    }

    /** Adds a value. The result true proves an empty key. */
    async add(key: string): Promise<void> {
        const { value, text } = this.newText();
        const outcome = await this.call('add', key, 1, () => this.cache.add(null, key, text, LONG_MS));
        const { began, ended } = outcome;
        if (outcome.answer === false) {
            this.shared.recorder.add({ what: 'refused', verb: 'add', key, by: this.name, value, began, ended });
            return;
        }
        this.wrote('add', key, value, outcome, outcome.answer === true, false);
        if (outcome.answer === true) this.found('add', key, null, outcome);
    }

    /** Updates a value. A success proves that the key held the last argument of the change. */
    async update(key: string): Promise<void> {
        const { value, text } = this.newText();
        const removes = this.shared.random() < 0.1;
        let old: string | null = null;
        const change = (held: string | null): string | null => {
            old = held;
            return removes ? null : text;
        };
        const outcome = await this.call('update', key, 1, () =>
            this.cache.update(null, key, change, LONG_MS).then(() => true),
        );
        const isUpdated = outcome.answer === true;
        // A removal of a missing value sends no request.
        if (!removes || old !== null) this.wrote('update', key, removes ? null : value, outcome, isUpdated, false);
        if (isUpdated) this.found('update', key, valueOf(old), outcome);
    }

    async increment(key: string): Promise<void> {
        const outcome = await this.call('increment', key, 1, () =>
            this.cache.increment(null, key, 1, { initial: 1, timeout: LONG_MS }),
        );
        this.counted('increment', key, outcome.answer === null ? null : Number(outcome.answer), outcome);
    }

    async sum(key: string): Promise<void> {
        const outcome = await this.call('update', key, 1, () =>
            this.cache.update<{ n: number }>(null, key, held => ({ n: (held?.n ?? 0) + 1 }), LONG_MS),
        );
        this.counted('update', key, outcome.answer?.n ?? null, outcome);
    }

    async retrieveCount(key: string): Promise<void> {
        const outcome = await this.call('retrieve', key, 1, async () => ({
            held: (await this.cache.retrieve(null, key)) as number | { n: number } | null,
        }));
        if (outcome.answer === null) return;
        const { held } = outcome.answer;
        this.found('retrieve', key, typeof held === 'object' ? (held?.n ?? null) : held, outcome);
    }

    /** @param takesStale whether the call has `staleFor` */
    async retrieveOrLoad(key: string, takesStale: boolean): Promise<void> {
        const { recorder, random } = this.shared;
        const verb = takesStale ? 'retrieveOrLoad+' : 'retrieveOrLoad';
        const freshMs = 100 + random() * 500;
        // Callers with `staleFor` seldom wait for a load.
        const isSlow = random() < (takesStale ? 0.4 : 0.1);
        const loadMs = isSlow ? 200 + random() * 1300 : random() * 40;
        const fails = random() < 0.05;
        const load = async (): Promise<string> => {
            const { value, text } = this.newText();
            const began = nowMs();
            await sleep(loadMs);
            if (fails) throw Object.assign(new Error('the origin failed'), { code: 'ORIGIN_FAILED' });
            recorder.add({ what: 'load', verb: 'load', key, by: this.name, value, freshMs, began, ended: nowMs() });
            return text;
        };
        const options = {
            loadTimeout: LOAD_TIMEOUT_MS,
            staleFor: takesStale ? STALE_FOR_MS : undefined,
        };
        const softened = this.softened;
        const outcome = await this.call(verb, key, 1, () =>
            this.cache.retrieveOrLoad(null, key, freshMs, load, options),
        );
        const value = valueOf(outcome.answer);
        const wasAway = this.softened > softened;
        const { began, ended } = outcome;
        recorder.add({ what: 'asked', verb, key, by: this.name, value, takesStale, wasAway, began, ended });
    }

    private get softened(): number {
        return this.cache.getStats().fallbacks;
    }

    private call<T>(verb: string, key: string, keys: number, run: () => Promise<T>): Promise<Outcome<T>> {
        return this.shared.recorder.call(verb, key, keys, run);
    }

    private newText(): { value: number; text: string } {
        const value = this.shared.newValue();
        return { value, text: textOf(value, this.shared.random()) };
    }

    private async held(key: string): Promise<string | null> {
        return (await this.cache.retrieve(null, key)) as string | null;
    }

    private async removed(key: string): Promise<string | null> {
        return (await this.cache.remove(null, key)) as string | null;
    }

    private wrote(
        verb: string,
        key: string,
        value: Value,
        { began, ended }: Outcome<unknown>,
        isDone: boolean,
        counts = this.maxSize > 0,
    ): void {
        const isFleeting = counts && value !== null;
        const wrote: Wrote = { what: 'wrote', verb, key, by: this.name, value, isDone, isFleeting, began, ended };
        this.shared.recorder.add(wrote);
    }

    private found(verb: string, key: string, value: Value, { began, ended }: Outcome<unknown>): void {
        this.shared.recorder.add({ what: 'found', verb, key, by: this.name, value, began, ended });
    }

    private counted(verb: string, key: string, value: number | null, { began, ended }: Outcome<unknown>): void {
        if (value === null) return;
        this.shared.recorder.add({ what: 'counted', verb, key, by: this.name, value, began, ended });
    }
}

/** Returns whether a batch succeeded for this key. */
function isDone({ answer, error }: Outcome<unknown>, key: string): boolean {
    return error instanceof BatchException ? !error.failed.has(key) : answer !== null;
}
