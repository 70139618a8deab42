import { useOpener } from '../../support/Opener';
import { DnsServer, redirectDns } from '../../support/server/DnsServer';
import { Dnsmasq, isDnsmasqThere } from '../../support/server/Dnsmasq';
import { sleep } from '../../support/sleep';
import { CacheLoad } from './CacheLoad';
import { KEYS, PodCache } from './PodCache';
import { Pods } from './Pods';

const open = useOpener();
const { logger } = open;
let pods: Pods;
let on: PodCache;

const addresses = (...indexes: number[]) => indexes.map(index => pods.address(index));

/** Retrieves the keys until the end of the test at the latest. */
function load(keys: readonly string[]): CacheLoad {
    const started = new CacheLoad(on.cache, keys);
    open.atEnd(() => started.stop());
    return started;
}

const dnsServers = [new DnsServer(), ...(isDnsmasqThere() ? [new Dnsmasq()] : [])];

describe.each(dnsServers.map(dns => [dns.constructor.name, dns] as const))('a StatefulSet on %s', (_, dns) => {
    let undo = (): void => {};

    beforeAll(async () => {
        await dns.launch();
        undo = redirectDns(dns);
    });

    afterAll(async () => {
        undo();
        await dns.end();
    });

    beforeEach(async () => {
        pods = new Pods(dns, open);
        await pods.scaleUp(3);
        on = await PodCache.open(open);
    });

    it.each([
        ['stays in DNS', () => Promise.resolve()],
        ['leaves DNS until it is back', () => pods.unlist(1)],
    ])('keeps the keys of a pod that returns under another address, and %s', async (_, unlist) => {
        const before = on.homes();
        const its = on.keysOf(pods.address(1));
        const others = load(KEYS.filter(key => !its.includes(key)));
        const callers = load(its);
        await pods.kill(1);
        await unlist();
        await logger.heard(/pod-1.* is down|removed: pod-1/);
        await sleep(300);
        await pods.replace(1);
        await pods.list(3);
        while (!(await on.isAnswering(pods.address(1)))) await sleep(10);
        const { calls } = others;
        while (others.calls < calls + 1000) await sleep(1);
        await Promise.all([others.stop(), callers.stop()]);
        expect([others.errors, others.misses]).toEqual([[], 0]);
        expect(on.homes()).toEqual(before);
        expect(on.inUse()).toEqual(addresses(0, 1, 2));
    });

    it('moves a share of the keys when it scales, and loses no other', async () => {
        const before = on.homes();
        const all = load(KEYS);
        await pods.scaleUp(4);
        await logger.heard(/added: pod-3/);
        const four = on.homes();
        const moved = KEYS.filter(key => four.get(key) !== before.get(key));
        expect(new Set(moved.map(key => four.get(key)))).toEqual(new Set(addresses(3)));
        expect(moved.length / KEYS.length).toBeLessThan(0.28);
        expect(moved.length / KEYS.length).toBeGreaterThan(0.2);
        await all.stop();
        expect(all.errors).toEqual([]);
        expect(await on.missing(KEYS.filter(key => !moved.includes(key)))).toEqual([]);

        await pods.list(3);
        await logger.heard(/removed: pod-3/);
        expect(on.homes()).toEqual(before);
        expect(on.inUse()).toEqual(addresses(0, 1, 2));
        // Their values never left.
        expect(await on.missing(KEYS)).toEqual([]);
        expect(logger.count(/servers changed/)).toBe(2);
    });
});
