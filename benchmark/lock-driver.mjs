import { closedLoop, measuredRound } from './measure.mjs';
import { makeKeys } from './values.mjs';

/**
 * Drives locks through a case. Checks the locks before the first round and after the last round.
 * @param stored reads a value past the client
 */
export async function openLockDriver(client, { keys: count, inFlight, sampleEvery }, { tag, stored }) {
    const keys = makeKeys(tag, count);
    const check = async () => {
        const key = keys[0];
        const isHeld = async () => (await stored(client.storedKey?.(key) ?? key)) !== null;
        if (!(await client.lock(key))) throw new Error('cannot lock and release a free lock');
        if (await isHeld()) throw new Error('a released lock is still in the server');
        if (!(await client.acquire(key))) throw new Error('cannot acquire a free lock');
        if (!(await isHeld())) throw new Error('a held lock is not in the server');
        if (await client.acquire(key)) throw new Error('a second caller acquired a held lock');
        await client.release(key);
        if (await isHeld()) throw new Error('a released lock is still in the server');
    };
    await check();
    const call = i => client.lock(keys[i % count]);
    const work = seconds => closedLoop({ inFlight, sampleEvery, seconds, call, isRight: result => result === true });
    return {
        round: times => measuredRound(work, times),
        async close() {
            await check();
            await client.close();
        },
    };
}
