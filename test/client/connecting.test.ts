import * as net from 'node:net';
import { useOpener, useServer } from '../support/Opener';

const open = useOpener();
const server = useServer();

describe('a name with several addresses', () => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- tests replace its `lookup`
    const dns = require('node:dns') as { lookup: unknown };
    const { lookup } = dns;
    const both = [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
    ];

    beforeEach(() => {
        expect(net.getDefaultAutoSelectFamily()).toBe(true);
        dns.lookup = (_: string, __: object, callback: (error: null, addresses: object[]) => void) =>
            process.nextTick(callback, null, both);
    });

    afterEach(() => {
        dns.lookup = lookup;
    });

    it('connects to the next address when an address fails, and reads the reply', async () => {
        const client = await open.client({ host: 'two.example', port: server.port }, { failures: 2 });
        await client.set('key', 'value');
        expect((await client.get('key')).value!.toString()).toBe('value');
    });

    it.each([
        ['in TLS', {}],
        ['without TLS', undefined],
    ])('reports the error of each address when no address answers, %s', async (_, tls) => {
        const client = open.clientOf({ host: 'two.example', port: 1, tls }, { failures: 1 });
        await expect(client.open()).rejects.toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(
                /two\.example:1: connect \w+ ::1:1\b.*, connect ECONNREFUSED 127\.0\.0\.1:1$/,
            ),
        });
    });
});

it('reports an invalid certificate as a fault, and does not crash the process', async () => {
    const tls = { cert: 'garbage', key: 'garbage' };
    const client = open.clientOf({ host: server.host, port: server.port, tls }, { failures: 2 });
    await expect(client.open()).rejects.toMatchObject({
        code: 'CONNECT_FAILED',
        message: expect.stringContaining('PEM'),
    });
    expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
});
