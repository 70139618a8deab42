import type { Fetched, MemcachedClient } from 'pip-services4-memcached-node';
import { sleep } from '../../support/sleep';
import { textOf, valueOf } from '../histories/texts';
import type { Ledger } from './Ledger';

/** Calls commands on keys that all actors share, and records the outcomes. */
export class Actor {
    private readonly verbs = [
        () => this.get(),
        () => this.get(),
        () => this.get(),
        () => this.getMany(),
        () => this.set(),
        () => this.set(),
        () => this.setMany(),
        () => this.delete(),
        () => this.casSet(),
        () => this.casSet(),
        () => this.casAdd(),
        () => this.getAndDelete(),
        () => this.increment(),
    ];

    constructor(
        private readonly client: MemcachedClient,
        private readonly keys: readonly string[],
        private readonly ledger: Ledger,
        private readonly random: () => number,
    ) {}

    async run(isOver: () => boolean): Promise<void> {
        while (!isOver()) {
            await this.pick(this.verbs)();
            await sleep(this.random() * 6);
        }
    }

    private async get(): Promise<void> {
        const key = this.pick(this.keys);
        const { answer, ...when } = await this.ledger.call('get', () => this.client.get(key));
        if (answer !== null) this.ledger.found(key, valueOf(textIn(answer.value)), when);
    }

    private async getMany(): Promise<void> {
        const { answer, ...when } = await this.ledger.call('getMany', () => this.client.getMany(this.keys));
        if (answer === null) return;
        for (const key of this.keys) {
            if (!answer.failed.has(key)) this.ledger.found(key, valueOf(textIn(answer.items.get(key)?.value)), when);
        }
    }

    private async set(): Promise<void> {
        const key = this.pick(this.keys);
        const value = this.ledger.newValue();
        const { answer, ...when } = await this.ledger.call('set', () => this.client.set(key, this.textOf(value)));
        this.ledger.wrote(key, value, answer !== null, when);
    }

    private async setMany(): Promise<void> {
        const value = this.ledger.newValue();
        const some = this.keys.filter(() => this.random() < 0.3);
        const entries = some.map(key => [key, this.textOf(value)] as const);
        const { answer, ...when } = await this.ledger.call('setMany', () => this.client.setMany(entries));
        for (const key of some) this.ledger.wrote(key, value, answer !== null && !answer.failed.has(key), when);
    }

    private async delete(): Promise<void> {
        const key = this.pick(this.keys);
        const { answer, ...when } = await this.ledger.call('delete', () => this.client.delete(key));
        this.ledger.wrote(key, null, answer !== null, when);
    }

    private async getAndDelete(): Promise<void> {
        const key = this.pick(this.keys);
        const { answer, ...when } = await this.ledger.call('getAndDelete', async () => ({
            held: await this.client.getAndDelete(key),
        }));
        this.ledger.wrote(key, null, answer !== null, when);
        if (answer !== null) this.ledger.found(key, valueOf(textHeld(answer.held)), when);
    }

    /**
     * Stores over a value that it has read. The outcome 'stored' proves that the key still held the
     * value.
     */
    private async casSet(): Promise<void> {
        const key = this.pick(this.keys);
        const server = this.client.server(key);
        const { epoch } = server;
        const { answer: item, ...when } = await this.ledger.call('gets', () => this.client.gets(key));
        if (item === null) return;
        const old = valueOf(textIn(item.value));
        this.ledger.found(key, old, when);
        // A restarted server may issue the same CAS again.
        if (old === null || server.epoch !== epoch) return;
        const value = this.ledger.newValue();
        const { answer, ...then } = await this.ledger.call('casSet', () =>
            this.client.casSet(key, this.textOf(value), item.cas, { epoch }),
        );
        if (answer === null || answer.outcome === 'stored') this.ledger.wrote(key, value, answer !== null, then);
        if (answer?.outcome === 'stored') this.ledger.found(key, old, then);
        if (answer?.outcome === 'missing') this.ledger.found(key, null, then);
    }

    private async casAdd(): Promise<void> {
        const key = this.pick(this.keys);
        const value = this.ledger.newValue();
        const { answer, ...when } = await this.ledger.call('casAdd', async () => ({
            cas: await this.client.casAdd(key, this.textOf(value)),
        }));
        if (answer === null || answer.cas !== null) this.ledger.wrote(key, value, answer !== null, when);
        if (answer !== null && answer.cas !== null) this.ledger.found(key, null, when);
    }

    private async increment(): Promise<void> {
        const [key, history] = this.pick([...this.ledger.counters]);
        const { answer, ...when } = await this.ledger.call('increment', () =>
            this.client.increment(key, 1, { initial: 1 }),
        );
        if (answer !== null) history.counted({ value: Number(answer.value), ...when });
    }

    private pick<T>(of: readonly T[]): T {
        return of[Math.floor(this.random() * of.length)]!;
    }

    private textOf(value: number): string {
        return textOf(value, this.random());
    }
}

const textIn = (bytes: Buffer | null | undefined): string | null => bytes?.toString() ?? null;
const textHeld = (held: Fetched): string | null => (typeof held === 'string' ? held : textIn(held?.value));
