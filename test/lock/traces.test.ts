import { useOpener, useServer } from '../support/Opener';
import { passing } from '../support/proxy/FaultProxy';
import { losing } from '../support/proxy/loseNext';
import { sleep } from '../support/sleep';
import { recordSenders } from '../support/traces';

const server = useServer();
const open = useOpener();

describe('a trace', () => {
    it('does not mark the acquisition, the extension and the release of the holder', async () => {
        const lock = await open.lock(server);
        const { key } = open;
        const work = async (): Promise<void> => {
            const lease = (await lock.tryAcquireLease(null, key, 10_000))!;
            expect(await lock.tryAcquireLease(null, key)).toBeNull();
            await lease.extend();
            await lease.release();
        };
        expect(await recordSenders(work)).toEqual({
            callers: [`casAdd ${key}`, `casAdd ${key}`, `casSet ${key}`, `casDelete ${key}`],
            internal: [],
        });
    });

    it('marks the renewals of withLock', async () => {
        const lock = await open.lock(server);
        const { key } = open;
        const work = () =>
            lock.withLock(null, key, { ttl: 1500 }, async signal => {
                while (lock.getStats().extended === 0 && !signal.aborted) await sleep(20);
            });
        const { callers, internal } = await recordSenders(work);
        expect(callers).toEqual([`casAdd ${key}`, `casDelete ${key}`]);
        expect(internal).toEqual([`casSet ${key}`]);
    });

    it('marks the read-back of a token after a lost reply', async () => {
        const proxy = await open.faultProxy(server);
        const lock = await open.lock(proxy, { request_timeout: 5000 });
        const { key } = open;
        proxy.begin(losing('add', 'the reply', 'a reset'));
        expect(await recordSenders(() => lock.tryAcquireLease(null, key, 10_000))).toEqual({
            callers: [`casAdd ${key}`],
            internal: [`get ${key}`],
        });
    });

    it('marks the search for an orphaned lock', async () => {
        const proxy = await open.faultProxy(server);
        const lock = await open.lock(proxy, { request_timeout: 300, retries: 0 });
        const { key } = open;
        const lease = (await lock.tryAcquireLease(null, key, 10_000))!;
        await proxy.refuse();
        await expect(lease.release()).rejects.toMatchObject({ code: expect.any(String) });
        await proxy.listenAgain();
        proxy.begin(passing);
        const work = async (): Promise<void> => {
            while (lock.getStats().orphansDeleted === 0) await sleep(20);
        };
        const { callers, internal } = await recordSenders(work);
        expect(callers).toEqual([]);
        expect(internal).toEqual(expect.arrayContaining([`get ${key}`, `casDelete ${key}`]));
    });
});
