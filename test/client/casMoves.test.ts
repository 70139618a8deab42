import { useFleet } from '../support/Fleet';
import { useOpener } from '../support/Opener';
import { all, at, keys, storeAll } from './fleetOf';

const open = useOpener();
const fleet = useFleet(open);

describe('a CAS whose key moves to another server', () => {
    it('belongs to an old epoch, so the client does not send it', async () => {
        const client = await open.client(all(fleet).slice(0, 2));
        await storeAll(client);
        const moving = (() => {
            const probe = open.clientOf(all(fleet));
            return keys.find(key => probe.homeServer(key).port === fleet.proxies[2].port)!;
        })();
        const { cas } = await client.gets(moving);
        const epoch = client.epoch(moving);
        client.update(all(fleet));
        // The same CAS number exists under the same key on the other server.
        await client.set(moving, 'of another');
        expect(client.epoch(moving)).not.toBe(epoch);
        expect(await client.casSet(moving, 'mine', cas, { epoch })).toMatchObject({ outcome: 'stale' });
        expect(await client.casDelete(moving, cas, { epoch })).toBe('stale');
        expect((await client.get(moving)).value!.toString()).toBe('of another');
        // When the key returns, the epoch stays different, because the sockets may have closed in
        // between.
        client.update(all(fleet).slice(1));
        expect(client.epoch(moving)).not.toBe(epoch);
    });

    it.each(['removed', 'another home'])('settles a queued call as stale: %s', async what => {
        const client = await open.client([at(fleet.proxies[0])], { idleMs: 50 });
        const { cas } = (await client.set('key', 'value'), await client.gets('key'));
        const epoch = client.epoch('key');
        const waiting = [
            client.commands.casSet('key', 'other', cas, { epoch, pinned: true }),
            client.commands.casDelete('key', cas, { epoch, pinned: true }),
        ];
        const others = client.get('key');
        // The weight moves this key to the new server.
        const heavy = { weight: 1000 };
        client.update(
            what === 'removed' ? [at(fleet.proxies[1])] : [at(fleet.proxies[0]), at(fleet.proxies[1], heavy)],
        );
        expect(client.homeServer('key').port).toBe(fleet.proxies[1].port);
        expect((await waiting[0]) as object).toMatchObject({ outcome: 'stale' });
        expect(await waiting[1]).toBe('stale');
        // The old server answers the call without a CAS.
        expect((await others).value!.toString()).toBe('value');
    });

    it('uses each epoch only once', async () => {
        const client = await open.client(all(fleet));
        const seen = new Set<number>(keys.map(key => client.epoch(key)));
        for (let i = 0; i < 20; i++) {
            client.update([at(fleet.proxies[i % 3]!)]);
            const epoch = client.epoch('key');
            expect(seen.has(epoch) && i > 0).toBe(false);
            seen.add(epoch);
        }
    });
});
