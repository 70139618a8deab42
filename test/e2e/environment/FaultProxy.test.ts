import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { useOpener, useServer } from '../../support/Opener';
import { exchange, get, set, version } from '../../support/server/exchange';
import { holding, passing, type Fault, type FaultProxy } from '../../support/proxy/FaultProxy';
import { HEADER_BYTES } from '../../support/proxy/binaryFrames';
import * as faults from '../../faults/replyFaults';

describe('FaultProxy', () => {
    const memcached = useServer();
    const opener = useOpener();
    let proxy: FaultProxy;
    let errors: (string | undefined)[];
    let versionReplyBytes: number;

    beforeAll(async () => {
        const socket = connect(memcached.port, memcached.host);
        versionReplyBytes = HEADER_BYTES + (await exchange(socket, version())).value.length;
        socket.destroy();
    });

    beforeEach(async () => {
        proxy = await opener.faultProxy(memcached);
        errors = [];
    });

    async function open(): Promise<Socket> {
        const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
        socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
        opener.atEnd(() => socket.destroy());
        await once(socket, 'connect');
        return socket;
    }

    /**
     * Opens a connection, asks for the version, and collects the reply until the connection ends.
     */
    async function collect(fault: Fault, until: (received: Buffer) => boolean): Promise<Buffer> {
        const socket = await open();
        proxy.begin(fault);
        let received = Buffer.alloc(0);
        const done = new Promise<void>(resolve => {
            socket.on('data', chunk => {
                received = Buffer.concat([received, chunk]);
                if (until(received)) resolve();
            });
            socket.on('end', resolve).on('close', resolve);
        });
        socket.write(askForVersion);
        await done;
        return received;
    }

    const askForVersion = Buffer.from('800b00000000000000000000000000070000000000000000', 'hex');
    const never = (): boolean => false;

    it('passes requests and replies', async () => {
        const socket = await open();
        expect((await exchange(socket, set('k', 'v'))).status).toBe(0);
        expect((await exchange(socket, get('k'))).value).toBe('v');
        expect(proxy.requestFrames).toBe(2);
        expect(proxy.replyFrames).toBe(2);
    });

    it('holds replies and releases them', async () => {
        const socket = await open();
        proxy.begin(holding);
        let isAnswered = false;
        const answer = exchange(socket, version()).then(() => (isAnswered = true));
        await proxy.until(({ replyFrames }) => replyFrames === 1);
        expect(isAnswered).toBe(false);
        proxy.begin(passing);
        await answer;
    });

    it('drops held replies when it falls silent', async () => {
        const socket = await open();
        let received = 0;
        socket.on('data', chunk => (received += chunk.length));
        proxy.begin(holding);
        socket.write(askForVersion);
        await proxy.until(({ replyFrames }) => replyFrames === 1);
        proxy.begin(faults.blackHole);
        proxy.begin(faults.endingOnce);
        await once(socket, 'end');
        expect(received).toBe(0);
    });

    it('delays replies', async () => {
        const started = performance.now();
        await collect(faults.late(100), ({ length }) => length === versionReplyBytes);
        expect(performance.now() - started).toBeGreaterThanOrEqual(99);
    });

    it('cuts replies into pieces', async () => {
        const sizes: number[] = [];
        const whole = await collect(faults.inPieces(7), received => {
            sizes.push(received.length);
            return received.length === versionReplyBytes;
        });
        expect(whole.length).toBe(versionReplyBytes);
        expect(sizes.length).toBeGreaterThan(1);
    });

    it('sends half a reply and a FIN', async () => {
        expect((await collect(faults.halfThen('end'), never)).length).toBe(versionReplyBytes >> 1);
    });

    it('sends half a reply and resets the connection', async () => {
        expect((await collect(faults.halfThen('reset'), never)).length).toBe(versionReplyBytes >> 1);
        expect(errors).toEqual(['ECONNRESET']);
    });

    it('resets connections at once', async () => {
        proxy.begin(faults.resetting);
        const socket = connect(proxy.port, '127.0.0.1');
        opener.atEnd(() => socket.destroy());
        const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
        expect(error.code).toBe('ECONNRESET');
    });

    it('refuses connections and listens again on the same port', async () => {
        const { port } = proxy;
        const socket = await open();
        const lost = once(socket, 'error');
        await proxy.refuse();
        await lost;
        await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
        await proxy.listenAgain();
        expect(proxy.port).toBe(port);
        expect((await exchange(await open(), version())).status).toBe(0);
    });

    it('duplicates replies', async () => {
        const received = await collect(faults.duplicated, ({ length }) => length === 2 * versionReplyBytes);
        expect(received.subarray(0, versionReplyBytes)).toEqual(received.subarray(versionReplyBytes));
    });

    it.each([
        ['text', faults.talkingText, /^4552524f520d0a$/],
        ['garbage', faults.talkingGarbage, /^42/],
        ['a body that is too long', faults.lyingHuge, /^810b000000000000fffffff000000007/],
        ['a body that is too short', faults.lyingShort, /^810b00000000000000000002/],
        ['an unknown opaque', faults.answeringStrangers, /^810b[0-9a-f]{20}40000007/],
    ])('sends %s', async (_, fault, bytes) => {
        expect((await collect(fault, ({ length }) => length > 0)).toString('hex')).toMatch(bytes);
    });

    it('counts the connections that the client holds', async () => {
        const socket = await open();
        await open();
        await proxy.until(({ linkCount }) => linkCount === 2);
        socket.destroy();
        await proxy.until(({ linkCount }) => linkCount === 1);
    });
});
