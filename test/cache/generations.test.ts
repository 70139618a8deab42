import { MemcachedClient } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useServer } from '../support/Opener';
import { readStat, writeItem } from '../support/server/textProtocol';
import type { Settings } from '../support/settings';
import { sleep } from '../support/sleep';
import { TTL_MS, untilHeard, useTenants, type Tenant } from './Tenant';

const HEADER_BYTES = 24;
const server = useServer();
const itAlongside = useTenants(server);

/** The opcodes and keys of what was sent. */
function framesOf(writes: readonly Buffer[]): string[] {
    const bytes = Buffer.concat(writes);
    const frames: string[] = [];
    for (let at = 0; at < bytes.length; at += HEADER_BYTES + bytes.readUInt32BE(at + 8)) {
        const key = at + HEADER_BYTES + bytes[at + 4]!;
        frames.push(`${bytes[at + 1]} ${bytes.toString('utf8', key, key + bytes.readUInt16BE(at + 2))}`);
    }
    return frames;
}

describe('round trips', () => {
    itAlongside('while the generation is known there are no others', async ({ open, opener }) => {
        const proxy = await opener.recordingProxy(server);
        const one = await open({ generation_ttl: 60_000 }, proxy);
        await one.clear(null);
        await one.store(null, 'key', 1, 50_000);
        proxy.writes.length = 0;
        for (let i = 0; i < 50; i++) await one.retrieve(null, 'key');
        await one.store(null, 'key', 2, 50_000);
        await one.retrieveMany(null, ['key']);
        const frames = framesOf(proxy.writes);
        expect(frames.filter(frame => frame.includes('#generation'))).toEqual([]);
        expect(frames.filter(frame => frame.startsWith('0 ')).length).toBe(50);
        expect(proxy.writes.length).toBe(52);
    });

    itAlongside(
        'in a busy service it is asked for in the background, about twice per generation_ttl',
        async ({ open, opener }) => {
            const proxy = await opener.recordingProxy(server);
            const one = await open({}, proxy);
            await one.retrieve(null, 'key');
            proxy.writes.length = 0;
            const begun = performance.now();
            const elapsedMs = () => performance.now() - begun;
            while (elapsedMs() < 4 * TTL_MS) {
                await one.retrieve(null, 'key');
                await sleep(5);
            }
            const asked = framesOf(proxy.writes).filter(frame => frame.includes('#generation')).length;
            expect(asked).toBeGreaterThanOrEqual(2);
            expect(asked).toBeLessThanOrEqual(1 + elapsedMs() / (TTL_MS / 2));
        },
    );

    itAlongside('many who need it at once ask once', async ({ open, opener }) => {
        const proxy = await opener.recordingProxy(server);
        const one = await open({}, proxy);
        proxy.writes.length = 0;
        await Promise.all(Array.from({ length: 100 }, (_, i) => one.retrieve(null, `key${i}`)));
        expect(framesOf(proxy.writes).filter(frame => frame.includes('#generation')).length).toBe(1);
    });

    itAlongside('without a prefix, or with generation_ttl 0, nothing is ever asked', async ({ open, opener }) => {
        const proxy = await opener.recordingProxy(server);
        for (const options of [{ prefix: '' }, { generation_ttl: 0 }]) {
            const one = await open(options, proxy);
            await one.retrieve(null, 'key');
        }
        expect(framesOf(proxy.writes).filter(frame => frame.includes('#generation'))).toEqual([]);
    });
});

describe('a generation that memcached has lost', () => {
    const lose = async ({ opener, prefix }: Tenant): Promise<void> => {
        const client = await opener.client(server);
        await client.delete(`${prefix}#generation`);
    };

    itAlongside('does not bring back what was cleared, before the first clear or later', async tenant => {
        const { open } = tenant;
        const [one, other] = [await open(), await open()];
        await one.store(null, 'key', 'first', 50_000);
        await one.clear(null);
        await one.store(null, 'key', 'second', 50_000);
        await one.clear(null);
        await untilHeard();
        expect(await other.retrieve(null, 'key')).toBeNull();
        await lose(tenant);
        await untilHeard();
        for (let i = 0; i < 3; i++) {
            expect([await one.retrieve(null, 'key'), await other.retrieve(null, 'key')]).toEqual([null, null]);
            await sleep(TTL_MS / 2);
        }
        // They agree again, and with whoever comes later.
        await untilHeard();
        await one.retrieve(null, 'any');
        await untilHeard();
        await one.store(null, 'key', 'third', 50_000);
        expect(await one.retrieve(null, 'key')).toBe('third');
        expect(await other.retrieve(null, 'key')).toBe('third');
        expect(await (await open()).retrieve(null, 'key')).toBe('third');
    });

    itAlongside('nor when one instance has missed the last clears of another', async tenant => {
        const { open } = tenant;
        const [late, busy] = [await open({ generation_ttl: 60_000 }), await open()];
        await late.clear(null);
        await untilHeard();
        // The generation after the one that `late` knows is filled and cleared behind its back.
        await busy.retrieve(null, 'key');
        await busy.clear(null);
        await busy.store(null, 'key', 'cleared', 50_000);
        await busy.clear(null);
        await busy.close(null);
        await lose(tenant);
        await late.clear(null);
        expect(await late.retrieve(null, 'key')).toBeNull();
    });

    itAlongside('is taken anew by clear, past all that were', async tenant => {
        const { open, prefix } = tenant;
        const one = await open({ generation_ttl: 60_000 });
        await one.clear(null);
        await one.store(null, 'key', 1, 50_000);
        await lose(tenant);
        await (await open()).clear(null);
        await one.clear(null);
        expect(await one.retrieve(null, 'key')).toBeNull();
        // Somebody has written a number that was long ago.
        await writeItem(server, `${prefix}#generation`, '5');
        await one.clear(null);
        expect(await one.retrieve(null, 'key')).toBeNull();
        await one.store(null, 'key', 2, 50_000);
        expect(await (await open()).retrieve(null, 'key')).toBe(2);
    });

    itAlongside('that is no number is no generation, and clear says so', async ({ open, prefix }) => {
        const one = await open();
        await one.clear(null);
        await one.store(null, 'key', 1, 50_000);
        await writeItem(server, `${prefix}#generation`, 'text');
        await untilHeard();
        expect(await one.retrieve(null, 'key')).toBe(1);
        expect(await codeOf(one.clear(null))).toBe('NOT_A_NUMBER');
        expect(await one.retrieve(null, 'key')).toBe(1);
    });

    itAlongside('with a server that was restarted: the cache is empty, and works', async ({ open, opener }) => {
        const dying = await opener.server();
        const one = await open({ retry: 30, failures: 1 }, dying);
        await one.clear(null);
        await one.store(null, 'key', 1, 50_000);
        await dying.restart();
        await untilHeard();
        while ((await codeOf(one.store(null, 'key', 2, 50_000))) !== 'answered 2') await sleep(20);
        await untilHeard();
        await one.store(null, 'key', 3, 50_000);
        expect(await one.retrieve(null, 'key')).toBe(3);
        expect(await (await open({}, dying)).retrieve(null, 'key')).toBe(3);
    });
});

describe('while the server of the generation', () => {
    const REQUEST_TIMEOUT_MS = 300;

    /** Two servers: the generation is on the one that dies, `key` on the other. */
    async function openPair({ open, opener, prefix }: Tenant, settings: Settings = {}) {
        const servers = [await opener.server(), await opener.server()] as const;
        const { port } = new MemcachedClient(servers).home(`${prefix}#generation`);
        const [dying, alive] = port === servers[0].port ? servers : [servers[1], servers[0]];
        const options = { request_timeout: REQUEST_TIMEOUT_MS, retry: 50, ...settings };
        const [one, other] = [await open(options, servers), await open(options, servers)];
        await one.clear(null);
        let value = 0;
        while ((await readStat(alive, 'curr_items')) === 0) await one.store(null, `key${++value}`, value, 50_000);
        const key = `key${value}`;
        expect(await other.retrieve(null, key)).toBe(value);
        return { servers, dying, one, other, key, value };
    }

    itAlongside('is away, the last one known goes on', async tenant => {
        const pair = await openPair(tenant, { failures: 1 });
        await pair.dying.kill();
        for (let i = 0; i < 4; i++) {
            expect(await pair.one.retrieve(null, pair.key)).toBe(pair.value);
            await untilHeard();
        }
        expect(await codeOf(pair.one.clear(null))).toBe('SERVER_DOWN');
        await pair.dying.restart();
        // Memcached has lost it: nobody may believe what was stored.
        while ((await codeOf(pair.one.clear(null))) !== 'answered undefined') await sleep(20);
        expect(await pair.one.retrieve(null, pair.key)).toBeNull();
    });

    itAlongside('is silent, those who ask often wait once at most', async tenant => {
        // So long that a second request is not answered either when the time of the first is over.
        const timeoutMs = 1.5 * TTL_MS;
        const pair = await openPair(tenant, { failures: 1000, request_timeout: timeoutMs });
        await pair.dying.stop();
        const begun = performance.now();
        const waits: number[] = [];
        while (performance.now() - begun < 8 * TTL_MS) {
            const waiting = timed(async () => {
                expect(await pair.one.retrieve(null, pair.key)).toBe(pair.value);
            });
            waits.push(await waiting);
            await sleep(10);
        }
        expect(waits.filter(ms => ms > timeoutMs / 2).length).toBeLessThanOrEqual(1);
        expect(Math.max(...waits)).toBeLessThan(timeoutMs + 500);
        pair.dying.continue();
    });

    itAlongside('comes back, who has not asked for long hears of a clear before he answers', async tenant => {
        const pair = await openPair(tenant, { failures: 1000 });
        await pair.dying.stop();
        await untilHeard();
        expect(await pair.other.retrieve(null, pair.key)).toBe(pair.value);
        pair.dying.continue();
        while ((await codeOf(pair.one.clear(null))) !== 'answered undefined') await sleep(20);
        await untilHeard();
        await untilHeard();
        expect(await pair.other.retrieve(null, pair.key)).toBeNull();
    });

    itAlongside('has never been there, nobody guesses; with fail_soft it is a miss', async tenant => {
        const pair = await openPair(tenant);
        await pair.dying.kill();
        const strict = await tenant.open({ request_timeout: 300, failures: 1 }, pair.servers);
        expect(await codeOf(strict.retrieve(null, pair.key))).toMatch(/SERVER_DOWN|CONNECT|TIMEOUT/);
        const soft = await tenant.open({ request_timeout: 300, fail_soft: true }, pair.servers);
        expect(await soft.retrieve(null, pair.key)).toBeNull();
        expect(await soft.store(null, pair.key, 2, 50_000)).toBe(2);
        expect((await soft.retrieveMany(null, [pair.key])).size).toBe(0);
    });
});
