import { KeySpace } from '../../src/cache/KeySpace';
import type { ConnectionUser } from '../../src/connect/ConnectionUser';
import { codeOf } from '../support/codeOf';
import { sleep } from '../support/sleep';

const TTL_MS = 10_000;

/** Holds the generation as memcached does. Each request takes `delayMs`. */
class Generations {
    value: bigint | null = null;
    reads = 0;
    delayMs = 0;
    isAway = false;

    readonly limits = { maxKeyBytes: 250 };

    async gets(): Promise<{ value: Buffer | null }> {
        this.reads++;
        await this.travel();
        return { value: this.value === null ? null : Buffer.from(String(this.value)) };
    }

    async increment(_key: string, amount: bigint, { initial }: { initial: bigint }): Promise<{ value: bigint }> {
        await this.travel();
        this.value = this.value === null ? initial : this.value + amount;
        return { value: this.value };
    }

    private async travel(): Promise<void> {
        const { isAway } = this;
        if (this.delayMs > 0) await sleep(this.delayMs);
        if (isAway) throw new Error('unavailable');
    }
}

const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

let client: Generations;
let changes: number;
let keys: KeySpace;

function openKeys(generations = client): KeySpace {
    const options = { prefix: 'p:', generationTtl: TTL_MS };
    const user = { options, client: generations, fullKey: (key: string) => options.prefix + key };
    return new KeySpace(user as unknown as ConnectionUser, () => changes++);
}

/** The key, and whether it was there without waiting. */
async function find(of = keys): Promise<{ key: string; isAtOnce: boolean }> {
    const found = of.find('key');
    const isAtOnce = typeof found === 'string';
    if (!isAtOnce) await pass(client.delayMs);
    return { key: await found, isAtOnce };
}

/** The generation is known, and the request for a newer one fails. */
async function failToAsk(): Promise<void> {
    await keys.clear();
    client.isAway = true;
    await pass(TTL_MS / 2 + 1);
    await find();
}

beforeEach(() => {
    jest.useFakeTimers();
    client = new Generations();
    changes = 0;
    keys = openKeys();
});

afterEach(() => jest.useRealTimers());

describe('KeySpace', () => {
    it('waits for the generation once, then uses it for half of its time without asking', async () => {
        expect(await find()).toEqual({ key: 'p:key', isAtOnce: false });
        await pass(TTL_MS / 2);
        expect(await find()).toEqual({ key: 'p:key', isAtOnce: true });
        expect(client.reads).toBe(1);
    });

    it('asks in the background in the second half, once', async () => {
        await find();
        await pass(TTL_MS / 2 + 1);
        client.delayMs = 100;
        for (let i = 0; i < 10; i++) expect((await find()).isAtOnce).toBe(true);
        expect(client.reads).toBe(2);
    });

    it('waits when the time of the generation is over', async () => {
        await find();
        await pass(TTL_MS + 1);
        expect((await find()).isAtOnce).toBe(false);
        expect(client.reads).toBe(2);
    });

    it('counts the time from the request, not from the reply', async () => {
        client.delayMs = TTL_MS / 2;
        await find();
        await pass(1);
        await find();
        expect(client.reads).toBe(2);
    });

    it('hears of the clear of another instance in time', async () => {
        const other = openKeys();
        await find();
        await other.clear();
        expect((await find()).key).toBe('p:key');
        await pass(TTL_MS + 1);
        expect((await find()).key).toBe((await find(other)).key);
        expect((await find()).key).toMatch(/^p:#\w+:key$/);
    });

    it('uses a generation of its own clear at once, and says that everything has changed', async () => {
        await keys.clear();
        const first = await find();
        expect(first).toEqual({ key: expect.stringMatching(/^p:#\w+:key$/), isAtOnce: true });
        await keys.clear();
        expect((await find()).key).not.toBe(first.key);
        expect([client.reads, changes]).toEqual([0, 2]);
    });

    it('keeps the generation while memcached is unavailable, and asks again after half of its time', async () => {
        await keys.clear();
        const { key } = await find();
        client.isAway = true;
        await pass(TTL_MS / 2 + 1);
        for (let attempt = 1; attempt <= 5; attempt++) {
            for (let i = 0; i < 10; i++) expect(await find()).toEqual({ key, isAtOnce: true });
            await pass(TTL_MS / 2 + 1);
            expect(client.reads).toBe(attempt);
        }
    });

    it('does not wait for a request to a server that has failed before', async () => {
        await failToAsk();
        client.delayMs = TTL_MS;
        await pass(TTL_MS / 2 + 1);
        await find();
        await pass(TTL_MS / 2 + 1);
        expect((await find()).isAtOnce).toBe(true);
        expect(client.reads).toBe(2);
    });

    it('waits again when it was not asked for longer than the time of a generation', async () => {
        await failToAsk();
        client.isAway = false;
        await pass(TTL_MS + 1);
        expect((await find()).isAtOnce).toBe(false);
    });

    it('rejects while no generation was ever known', async () => {
        client.isAway = true;
        for (let i = 0; i < 2; i++) await expect(keys.find('key')).rejects.toThrow('unavailable');
    });

    it('takes a generation past all others when memcached has lost it', async () => {
        await keys.clear();
        await keys.clear();
        const known = client.value!;
        for (const lost of [null, 5n]) {
            client.value = lost;
            await pass(TTL_MS + 1);
            await find();
            expect(client.value).toBeGreaterThan(known);
        }
    });

    it('asks before the next key when a clear has failed, since it may have been carried out', async () => {
        await find();
        client.isAway = true;
        await expect(keys.clear()).rejects.toThrow('unavailable');
        client.isAway = false;
        expect((await find()).isAtOnce).toBe(false);
    });

    it('drops an answer to a request from before a reset', async () => {
        client.delayMs = 100;
        const late = codeOf(Promise.resolve(keys.find('key')));
        keys.reset();
        await pass(100);
        expect(await late).toBe('NOT_OPENED');
    });
});
