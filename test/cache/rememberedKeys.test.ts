import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Commands } from '../../src/client/Commands';
import { LargeValues } from '../../src/client/server/LargeValues';
import { OrphanedLocks } from '../../src/lock/OrphanedLocks';
import { useOpener, useServer } from '../support/Opener';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const KEYS = 300;
const TEXT_CHARS = 300_000;
let made = 0;

/**
 * Runs the work with new keys, each of which is a slice of a long text. Returns the growth in MB,
 * which is 90 if each key retains its text.
 */
async function heapGrowth(work: (key: string) => unknown): Promise<number> {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < KEYS; i++) {
        const text = `a-key-of-36-characters-number-${String(made++).padStart(6, '0')}`.padEnd(TEXT_CHARS, 'x');
        await work(text.slice(0, 36));
    }
    // Node references the last socket read and the last call until the next turn.
    await new Promise(resolve => setImmediate(resolve));
    collectGarbage();
    return (process.memoryUsage().heapUsed - before) / 2 ** 20;
}

const LIMIT_MB = 20;
const open = useOpener();
const server = useServer();

it('retains the stored keys of a cache without a prefix, but not the texts that contain them', async () => {
    const cache = await open.cache(server);
    expect(await heapGrowth(key => cache.store(null, key, 'value', 60_000))).toBeLessThan(LIMIT_MB);
    expect(await heapGrowth(key => cache.storeMany(null, [[key, 'value']], 60_000))).toBeLessThan(LIMIT_MB);
    expect(await heapGrowth(key => cache.add(null, key, 'value', 60_000))).toBeLessThan(LIMIT_MB);
});

it('retains the keys of large values in a client, but not the texts that contain them', async () => {
    const client = await open.client(server);
    const value = Buffer.alloc(70_000);
    expect(await heapGrowth(key => client.set(key, value, { expires: 60 }))).toBeLessThan(LIMIT_MB);
});

it('retains the keys of large replies in a client, but not the texts that contain them', async () => {
    const largeValues = new LargeValues(() => {});
    let last = '';
    expect(await heapGrowth(key => largeValues.answered((last = key), 100_000))).toBeLessThan(LIMIT_MB);
    expect(largeValues.expectedBytes(last)).toBe(100_000);
});

it('retains the keys of held locks, but not the texts that contain them', async () => {
    const lock = await open.lock(server);
    const growth = await heapGrowth(async key => {
        expect(await lock.tryAcquireLock(null, key, 60_000)).toBe(true);
    });
    expect(growth).toBeLessThan(LIMIT_MB);
});

it('retains the keys of orphaned locks, but not the texts that contain them', async () => {
    const commands = {
        cluster: { homeServer: () => ({}) },
        internal: { gets: () => Promise.resolve({ value: null, cas: 0n }) },
    };
    const abandoned = new OrphanedLocks({ commands: commands as unknown as Commands }, () => {});
    expect(await heapGrowth(key => abandoned.add(key, 'token', 60_000))).toBeLessThan(LIMIT_MB);
    expect(abandoned.size).toBe(KEYS);
    await abandoned.flush();
});
