import type { MemcachedClient } from 'pip-services4-memcached-node';
import type { LagMeter } from '../support/LagMeter';
import { flawOf } from './describeBadError';

const SECRET = 'only-for-the-owner-of-the-key';
const READ_KEYS = 200;
const OTHER_KEYS = 20;
const FAT_BYTES = 300 * 1024;
const TURNS = 5;

/** Returns a value that contains its key, so that a reply to another call is detectable. */
function valueOf(key: string): string {
    return `${key} ${SECRET} ${'.'.repeat((key.charCodeAt(key.length - 1) * 7) % 250)}`;
}

export type Verb = 'get' | 'getMany' | 'set' | 'delete' | 'increment';

/** The outcome of one call. */
export interface Outcome {
    verb: Verb | 'some call';
    ms: number;
    /** The time by which the call outlasts its deadline, less the lag of this process. */
    overdueMs: number;
    /** The code of the error, or null if the call succeeds. */
    code: string | null;
}

export interface Wave {
    /** Resolves when all calls have begun and are pending. */
    issued: Promise<void>;
    /** Resolves after `giveUpMs` at the latest, and reports each pending call as HUNG. */
    settled(giveUpMs: number): Promise<Outcome[]>;
}

/**
 * Makes calls of all kinds and checks their outcomes. The workload collects false replies in
 * `wrong` and unusable errors in `flaws`.
 */
export class Workload {
    readonly wrong: string[] = [];
    readonly flaws: string[] = [];
    callCount = 0;
    settledCount = 0;
    private readonly counted = new Map<string, { issued: number; succeeded: number }>();
    private serial = 0;

    /** @param forgets whether the server may have lost the stored values */
    constructor(
        private readonly client: MemcachedClient,
        private readonly address: string,
        private readonly forgets: boolean,
        private readonly timeoutMs: number,
        private readonly lag: LagMeter,
    ) {}

    async store(): Promise<void> {
        const keys = Array.from({ length: READ_KEYS }, (_, i) => `read:${i}`);
        await Promise.all(keys.map(key => this.client.set(key, valueOf(key))));
        for (let i = 0; i < OTHER_KEYS; i++) {
            this.counted.set(`count:${i}`, { issued: 0, succeeded: 0 });
            await this.client.set(`count:${i}`, '0');
        }
    }

    /** Makes the client open this number of sockets. */
    async spread(sockets: number): Promise<void> {
        const value = 'x'.repeat(FAT_BYTES / 4);
        while (this.client.socketCount < sockets) {
            await Promise.all(Array.from({ length: 20 }, () => this.client.set('filler', value)));
        }
    }

    /**
     * Makes calls of every kind in several turns of the event loop.
     * Each turn begins with a value so large that the following calls go to another socket.
     */
    launch(count: number): Wave {
        const calls: Promise<Outcome>[] = [];
        const issue = async (): Promise<void> => {
            for (let turn = 0; turn < TURNS; turn++) {
                calls.push(this.call('set', () => this.fat()));
                for (let i = 1; i < count / TURNS; i++) calls.push(this.one(this.serial++));
                await new Promise(setImmediate);
            }
        };
        const issued = issue();
        return { issued, settled: giveUpMs => issued.then(() => settledOrHung(calls, giveUpMs)) };
    }

    /** Reads all stored keys one by one. Returns null, or the first problem. */
    async read(): Promise<string | null> {
        const before = this.wrong.length;
        const reads = Array.from({ length: READ_KEYS }, (_, i) => this.call('get', () => this.get(`read:${i}`)));
        const failed = (await Promise.all(reads)).find(({ code }) => code !== null);
        return failed?.code ?? this.wrong[before] ?? null;
    }

    /** @param countOf reads a counter directly from the server */
    async checkCounters(countOf: (key: string) => Promise<number>): Promise<void> {
        for (const [key, { issued, succeeded }] of this.counted) {
            const count = await countOf(key);
            if (count < succeeded || count > issued) {
                this.wrong.push(`${key} is ${count} after ${issued} increments, of which ${succeeded} succeeded`);
            }
        }
    }

    private one(n: number): Promise<Outcome> {
        const key = (kind: string, keys: number): string => `${kind}:${n % keys}`;
        switch (n % 10) {
            case 0:
            case 1:
            case 2:
            case 3:
                return this.call('get', () => this.get(key('read', READ_KEYS)));
            case 4:
            case 5:
                return this.call('set', () => this.set(key('read', READ_KEYS)));
            case 6:
                return this.call('getMany', () =>
                    this.getMany([0, 1, 2, 3, 4].map(i => `read:${(n + i) % READ_KEYS}`)),
                );
            case 7:
                return this.call('delete', () => this.client.delete(key('gone', OTHER_KEYS)));
            default:
                return this.call('increment', () => this.increment(key('count', OTHER_KEYS)));
        }
    }

    private async call(verb: Verb, perform: () => Promise<unknown>): Promise<Outcome> {
        this.callCount++;
        const started = performance.now();
        let code: string | null = null;
        try {
            await perform();
        } catch (error) {
            code = this.judge(error);
        }
        this.settledCount++;
        const ms = performance.now() - started;
        const overdueMs = ms < this.timeoutMs ? 0 : ms - this.timeoutMs - this.lag.since(started + this.timeoutMs);
        return { verb, ms, overdueMs, code };
    }

    private async get(key: string): Promise<void> {
        const { value } = await this.client.get(key);
        this.check(key, value);
    }

    private async getMany(keys: string[]): Promise<void> {
        const { items, failed } = await this.client.getMany(keys);
        for (const key of keys) if (!failed.has(key)) this.check(key, items.get(key)?.value ?? null);
        for (const error of failed.values()) throw error;
    }

    private async set(key: string): Promise<void> {
        if (!(await this.client.set(key, valueOf(key)))) this.wrong.push(`set of ${key} was answered with false`);
    }

    private async fat(): Promise<void> {
        await this.client.set('fat', 'x'.repeat(FAT_BYTES));
    }

    private async increment(key: string): Promise<void> {
        const count = this.counted.get(key)!;
        count.issued++;
        const { success, value } = await this.client.increment(key, 1n);
        count.succeeded++;
        const isRight = success && value !== null && value <= count.issued && value >= (this.forgets ? 0n : 1n);
        if (!isRight) this.wrong.push(`increment ${count.issued} of ${key} was answered with ${value}`);
    }

    private check(key: string, value: Buffer | null): void {
        const isRight = value === null ? this.forgets : value.toString() === valueOf(key);
        if (!isRight) this.wrong.push(`${key} was answered with ${value?.toString().slice(0, 40) ?? 'a miss'}`);
    }

    private judge(error: unknown): string {
        const flaw = flawOf(error, this.address, SECRET);
        if (flaw !== null) this.flaws.push(flaw);
        return (error as { code?: string }).code ?? 'none';
    }
}

async function settledOrHung(calls: Promise<Outcome>[], giveUpMs: number): Promise<Outcome[]> {
    let timer: NodeJS.Timeout | undefined;
    const hung = new Promise<Outcome>(resolve => {
        timer = setTimeout(resolve, giveUpMs, { verb: 'some call', ms: Infinity, overdueMs: Infinity, code: 'HUNG' });
    });
    const outcomes = await Promise.all(calls.map(call => Promise.race([call, hung])));
    clearTimeout(timer);
    return outcomes;
}
