import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Commands } from '../../src/client/Commands';
import { LargeReplies } from '../../src/client/server/LargeReplies';
import { OrphanedLocks } from '../../src/lock/OrphanedLocks';
import { useOpener, useServer } from '../support/Opener';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const KEYS = 300;
const TEXT_CHARS = 300_000;
let made = 0;

/** Runs the work with new keys, cut out of long texts. Returns MB: 90 if each key keeps its text. */
async function heapGrowth(work: (key: string) => unknown): Promise<number> {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < KEYS; i++) {
        const text = `a-key-of-36-characters-number-${String(made++).padStart(6, '0')}`.padEnd(TEXT_CHARS, 'x');
        await work(text.slice(0, 36));
    }
    // The last socket read and the last call are still referenced somewhere.
    await new Promise(resolve => setImmediate(resolve));
    collectGarbage();
    return (process.memoryUsage().heapUsed - before) / 2 ** 20;
}

const LIMIT_MB = 20;
const open = useOpener();
const server = useServer();

it('a cache without prefix keeps its stored keys, not the texts they were cut from', async () => {
    const cache = await open.cache(server);
    expect(await heapGrowth(key => cache.store(null, key, 'value', 60_000))).toBeLessThan(LIMIT_MB);
    expect(await heapGrowth(key => cache.storeMany(null, [[key, 'value']], 60_000))).toBeLessThan(LIMIT_MB);
    expect(await heapGrowth(key => cache.add(null, key, 'value', 60_000))).toBeLessThan(LIMIT_MB);
});

it('a client keeps the keys of large values, not the texts they were cut from', async () => {
    const client = await open.client(server);
    const value = Buffer.alloc(70_000);
    expect(await heapGrowth(key => client.set(key, value, { expires: 60 }))).toBeLessThan(LIMIT_MB);
});

it('remembered large replies do not keep the texts their keys were cut from', async () => {
    const replies = new LargeReplies();
    let last = '';
    expect(await heapGrowth(key => replies.remember((last = key), 100_000))).toBeLessThan(LIMIT_MB);
    expect(replies.expectedBytes(last)).toBe(100_000);
});

it('held locks keep their keys, not the texts they were cut from', async () => {
    const lock = await open.lock(server);
    const growth = await heapGrowth(async key => {
        expect(await lock.tryAcquireLock(null, key, 60_000)).toBe(true);
    });
    expect(growth).toBeLessThan(LIMIT_MB);
});

it('locks that may be left behind keep their keys, not the texts they were cut from', async () => {
    const commands = {
        cluster: { homeServer: () => ({}) },
        gets: () => Promise.resolve({ value: null, cas: 0n }),
    };
    const abandoned = new OrphanedLocks({ commands: commands as unknown as Commands }, () => {});
    expect(await heapGrowth(key => abandoned.add(key, 'token', 60_000))).toBeLessThan(LIMIT_MB);
    expect(abandoned.size).toBe(KEYS);
    await abandoned.flush();
});
