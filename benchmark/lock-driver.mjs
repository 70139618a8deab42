import { closedLoop, measuredRound } from './measure.mjs';
import { stored } from './server/text.mjs';
import { makeKeys } from './values.mjs';

/** Drives locks through a case. Checks them before the first round and after the last. */
export async function openLockDriver(connect, port, setting, { keys: count, inFlight, sampleEvery }, tag) {
    const client = await connect(port, setting);
    const keys = makeKeys(tag, count);
    const check = async () => {
        const key = keys[0];
        if (!(await client.lock(key))) throw new Error('a free lock was not given');
        if ((await stored(port, key)) !== null) throw new Error('a released lock is still in the server');
        if (!(await client.acquire(key))) throw new Error('a free lock was not given');
        if ((await stored(port, key)) === null) throw new Error('a lock that is held is not in the server');
        if (await client.acquire(key)) throw new Error('a lock was given twice');
        await client.release(key);
        if ((await stored(port, key)) !== null) throw new Error('a released lock is still in the server');
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
