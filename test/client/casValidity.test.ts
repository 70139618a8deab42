import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { flush } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';

const open = useOpener();

describe('a full server without eviction', () => {
    it('keeps an item that a compare-and-set cannot replace, whether or not the CAS matches', async () => {
        const server = await open.server({ withoutEviction: true, memoryMegabytes: 2 });
        const client = await open.client(server);
        await client.set('key', 'theirs');
        const { cas } = await client.gets('key');
        const fill = (from: number, count: number) =>
            client.setMany(Array.from({ length: count }, (_, i) => [`fill:${from + i}`, 'x'.repeat(20)]));
        let filled = 0;
        while ((await fill(filled, 2000)).failed.size === 0) filled += 2000;
        // The value has the size of the items that fill the server, so its slab class is full.
        const other = 'x'.repeat(24);
        expect(await codeOf(client.casSet('key', other, cas + 1n))).toBe('SERVER_ERROR');
        expect(await codeOf(client.casSet('key', other, cas))).toBe('SERVER_ERROR');
        expect((await client.get('key')).value!.toString()).toBe('theirs');
    });
});

describe('a CAS', () => {
    const server = useServer();
    beforeEach(() => flush(server));
    const pinned = { pinned: true };

    it('stays valid while the same sockets are open', async () => {
        const client = await open.client(server);
        const cas = (await client.commands.casAdd('key', '1', pinned))!;
        const epoch = client.epoch('key');
        const stored = await client.commands.casSet('key', '2', cas, { pinned: true, epoch });
        expect(stored.outcome).toBe('stored');
        expect(client.epoch('key')).toBe(epoch);
        expect(await client.commands.casDelete('key', stored.cas, { pinned: true, epoch })).toBe('deleted');
    });

    it('is stale after a server restart, even for a call that waits for a socket', async () => {
        const young = await open.server();
        const client = await open.client(young, { requestTimeoutMs: 5000, failures: 20 });
        const cas = (await client.commands.casAdd('key', 'ours', pinned))!;
        const epoch = client.epoch('key');
        await young.restart();
        while (client.socketCount > 0) await sleep(5);

        // The client has no socket when this call gets its epoch. The next socket leads to another
        // process.
        const early = client.epoch('key');
        expect(early).not.toBe(epoch);
        const late = client.commands.casDelete('key', cas, { pinned: true, epoch: early });
        expect(await late).toBe('stale');

        // The same CAS number now belongs to another item.
        let other: bigint;
        do {
            await client.set('key', 'theirs');
            other = (await client.gets('key')).cas;
        } while (other < cas);
        expect(other).toBe(cas);
        expect(await client.commands.casDelete('key', cas, { pinned: true, epoch })).toBe('stale');
        expect(await client.commands.casSet('key', 'ours', cas, { pinned: true, epoch })).toMatchObject({
            outcome: 'stale',
        });
        expect((await client.get('key')).value!.toString()).toBe('theirs');
    });

    it('has a different epoch in every client', async () => {
        const clients = [await open.client(server), await open.client(server)] as const;
        expect(clients[0].epoch('key')).not.toBe(clients[1].epoch('key'));
    });
});
