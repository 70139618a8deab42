import { useOpener } from '../support/Opener';
import { holding } from '../support/proxy/FaultProxy';
import { sleep } from '../support/sleep';
import { statsOf, sum } from './statsOf';

const open = useOpener();

/** Resolves when the count has grown. */
async function more(count: () => number, by = 1): Promise<void> {
    const enough = count() + by;
    while (count() < enough) await sleep(5);
}

it('balances all counts while the server dies and connections break', async () => {
    const server = await open.server();
    const proxy = await open.faultProxy(server);
    const client = open.clientOf(proxy, {
        requestTimeoutMs: 150,
        retries: 1,
        failures: 2,
        retryMs: 50,
        reconnectMs: 20,
    });
    await client.open({ allowUnavailable: true });
    const seen = { hits: 0, misses: 0, stored: 0, batches: 0, errors: {} as Record<string, number> };
    const note = (error: { code: string }): void => void (seen.errors[error.code] = (seen.errors[error.code] ?? 0) + 1);
    const reads = async (i: number): Promise<void> => {
        const { value } = await client.get(`key${i % 50}`);
        seen[value === null ? 'misses' : 'hits']++;
    };
    const writes = async (i: number): Promise<void> => {
        await client.set(`key${i % 50}`, 'value');
        seen.stored++;
    };
    const batches = async (i: number): Promise<void> => {
        const keys = Array.from({ length: 10 }, (_, k) => `key${(i + k) % 60}`);
        const { items, failed } = await client.getMany(keys);
        seen.batches++;
        seen.hits += items.size;
        seen.misses += keys.length - items.size - failed.size;
        // The keys of a batch form one chunk, which counts one error.
        for (const error of failed.values()) return note(error as Error & { code: string });
    };
    const before = statsOf(client);
    let isOver = false;
    let made = 0;
    const work = async (): Promise<void> => {
        while (!isOver) {
            const i = made++;
            await [reads, reads, writes, batches][i % 4]!(i).catch(note);
            if (i % 16 === 0) await new Promise(setImmediate);
        }
    };
    const workers = Array.from({ length: 20 }, work);
    const answers = () => seen.hits + seen.misses + seen.stored;
    const errors = () => sum(seen.errors);
    for (let round = 0; round < 4; round++) {
        await more(answers, 200);
        proxy.begin({ strike: link => link.reset() });
        await more(answers, 200);
        proxy.begin(holding);
        await more(errors);
        proxy.begin({ strike: link => link.reset() });
        await server.kill();
        await more(errors);
        await server.restart();
    }
    await more(answers, 200);
    isOver = true;
    await Promise.all(workers);
    await client.close();
    const after = statsOf(client);
    const { calls, answered, failed } = after;
    expect({ calls, inFlight: after.inFlight }).toEqual({ calls: answered + failed, inFlight: 0 });
    expect(after.hits - before.hits).toBe(seen.hits);
    expect(after.misses - before.misses).toBe(seen.misses);
    expect(sum(after.errors)).toBe(failed);
    // The probes of the client fail too.
    for (const [name, count] of Object.entries(seen.errors)) expect(after.errors[name]).toBeGreaterThanOrEqual(count);
    const probes = calls - before.calls - made;
    expect(probes).toBeGreaterThanOrEqual(0);
    expect(failed - sum(seen.errors)).toBeLessThanOrEqual(probes);
    // The run must produce every kind of outcome.
    expect(Math.min(seen.hits, seen.misses, seen.stored, sum(seen.errors), after.retries)).toBeGreaterThan(0);
    expect(after.connects).toBeGreaterThan(4);
});
