import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import { readItem } from '../support/server/textProtocol';
import type { Settings } from '../support/settings';

const open = useOpener();

/**
 * Makes one of two servers unreachable while it keeps its memory. Returns the outcomes of writes to
 * two of its keys, and their values after its return.
 */
async function writeMeanwhile(settings: Settings) {
    const [server, other] = await Promise.all([open.server(), open.server()]);
    const proxy = await open.faultProxy(server);
    const cache = await open.cache([proxy, other], { failures: 1, retry: 20, retries: 0, ...settings });
    const [stored, removed] = await keysOn(server, cache);
    await proxy.refuse();
    await codeOf(cache.retrieve(null, stored));
    await open.logger.heard(/is down/);
    const outcomes = [
        await codeOf(cache.store(null, stored, 'new', 60_000)),
        await codeOf(cache.remove(null, removed)),
    ];
    const found = [await codeOf(cache.retrieve(null, stored)), await codeOf(cache.retrieve(null, removed))];
    await proxy.listenAgain();
    await open.logger.heard(/is up again/);
    const back = [await cache.retrieve(null, stored), await cache.retrieve(null, removed)] as unknown[];
    return { outcomes, found, back };
}

async function keysOn(server: { host: string; port: number }, cache: MemcachedCache): Promise<[string, string]> {
    const keys: string[] = [];
    for (let i = 0; keys.length < 2; i++) {
        await cache.store(null, `key${i}`, 'old', 60_000);
        if ((await readItem(server, `key${i}`)) !== null) keys.push(`key${i}`);
    }
    return [keys[0]!, keys[1]!];
}

describe('an old value of an unreachable server', () => {
    it('reappears with options.remove, even after a store or a removal during the outage', async () => {
        expect(await writeMeanwhile({ remove: true })).toEqual({
            outcomes: ['answered new', 'answered null'],
            found: ['answered new', 'answered null'],
            back: ['old', 'old'],
        });
    });

    it('stays unchanged without options.remove, while writes to the key fail', async () => {
        expect(await writeMeanwhile({})).toEqual({
            outcomes: ['SERVER_DOWN', 'SERVER_DOWN'],
            found: ['SERVER_DOWN', 'SERVER_DOWN'],
            back: ['old', 'old'],
        });
    });

    it('stays unchanged with options.fail_soft, while writes to the key have no effect', async () => {
        expect(await writeMeanwhile({ fail_soft: true })).toEqual({
            outcomes: ['answered new', 'answered null'],
            found: ['answered null', 'answered null'],
            back: ['old', 'old'],
        });
    });
});
