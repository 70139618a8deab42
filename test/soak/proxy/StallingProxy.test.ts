import { connect, type Socket } from 'node:net';
import { useOpener, useServer } from '../../support/Opener';
import { exchange, get, set, version } from '../../support/server/exchange';
import { sleep } from '../../support/sleep';
import { StallingProxy, type Mode } from './StallingProxy';

const HELD_MS = 50;

describe.each<Mode>(['network', 'middlebox'])('StallingProxy in mode %s', mode => {
    const server = useServer();
    const opener = useOpener();
    let proxy: StallingProxy;
    let client: Socket;

    beforeEach(async () => {
        proxy = await opener.ending(StallingProxy.start(server, mode));
        client = connect(proxy.port, proxy.host);
        opener.atEnd(() => client.destroy());
        client.on('error', () => {});
        await exchange(client, version());
        await exchange(client, set('key', 'old'));
    });

    /** Returns the value that the server has under the key. */
    async function stored(): Promise<string> {
        const socket = server.connect();
        try {
            return (await exchange(socket, get('key'))).value;
        } finally {
            socket.destroy();
        }
    }

    /** Returns the stored value after the held time, and waits longer for the expected value. */
    async function storedLater(expected: string): Promise<string> {
        await sleep(4 * HELD_MS);
        for (let tries = 0; tries < 100 && (await stored()) !== expected; tries++) await sleep(20);
        return stored();
    }

    it('delivers held requests', async () => {
        proxy.healthy()[0]!.holdRequests(HELD_MS);
        const answer = exchange(client, set('key', 'new'));
        expect(await stored()).toBe('old');
        expect((await answer).status).toBe(0);
        expect(await stored()).toBe('new');
    });

    it('stalls all connections, including new ones', async () => {
        const stalledMs = performance.now();
        proxy.stall(HELD_MS);
        const other = connect(proxy.port, proxy.host);
        opener.atEnd(() => other.destroy());
        const answers = [client, other].map(async socket => {
            const answer = await exchange(socket, get('key'));
            expect(performance.now() - stalledMs).toBeGreaterThan(HELD_MS - 5);
            return answer.value;
        });
        expect(await Promise.all(answers)).toEqual(['old', 'old']);
    });

    it('delivers held requests after the client has closed the connection', async () => {
        proxy.healthy()[0]!.holdRequests(HELD_MS);
        exchange(client, set('key', 'new')).catch(() => {});
        client.destroy();
        expect(await storedLater('new')).toBe('new');
    });

    it(`${mode === 'network' ? 'drops' : 'delivers'} held requests after the client has reset the connection`, async () => {
        proxy.healthy()[0]!.holdRequests(HELD_MS);
        exchange(client, set('key', 'new')).catch(() => {});
        await sleep(HELD_MS / 5);
        client.resetAndDestroy();
        const expected = mode === 'network' ? 'old' : 'new';
        expect(await storedLater(expected)).toBe(expected);
    });

    it(`${mode === 'network' ? 'drops' : 'delivers'} held requests that arrive together with the reset`, async () => {
        proxy.healthy()[0]!.holdRequests(HELD_MS);
        exchange(client, set('key', 'new')).catch(() => {});
        client.resetAndDestroy();
        const expected = mode === 'network' ? 'old' : 'new';
        expect(await storedLater(expected)).toBe(expected);
    });

    it('tears a request, so that the server does not execute it', async () => {
        proxy.healthy()[0]!.tear('request', 'fin');
        await expect(exchange(client, set('key', 'new'))).rejects.toThrow('closed');
        expect(await stored()).toBe('old');
    });

    it('tears a reply after the server has executed the request', async () => {
        proxy.healthy()[0]!.tear('reply', 'reset');
        const closed = new Promise(resolve => client.once('close', resolve));
        exchange(client, set('key', 'new')).catch(() => {});
        await closed;
        expect(await stored()).toBe('new');
    });
});
