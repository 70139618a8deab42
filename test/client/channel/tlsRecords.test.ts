import { useOpener } from '../../support/Opener';
import { opcodes } from '../../support/opcodes';
import { createCertificate } from '../../support/server/certificate';
import { answer } from '../../support/server/ScriptedServer';

const open = useOpener();
const certificate = createCertificate();
const tls = { ca: certificate.cert };

const entries = Array.from({ length: 100 }, (_, i) => [`key${i}`, 'x'.repeat(1000)] as const);

describe('a TLS channel', () => {
    // memcached before 1.6.39 does not execute the end of a long write until more bytes arrive.
    it('stores more bytes at once than a TLS record carries', async () => {
        const { port } = await open.server({ certificate });
        const client = await open.client({ host: 'localhost', port, tls }, { requestTimeoutMs: 5000 });
        expect((await client.setMany(entries)).failed.size).toBe(0);
        await Promise.all(entries.map(([key, value]) => client.set(key, value)));
        expect((await client.getMany(entries.map(([key]) => key))).items.size).toBe(entries.length);
    });

    it.each([
        ['sends a noop after a write that is longer than a TLS record', entries.length, [opcodes.NOOP]],
        ['sends nothing after a shorter write', 10, []],
    ])('%s', async (_, count, after) => {
        const server = await open.scripted(answer, certificate);
        const client = await open.client({ host: 'localhost', port: server.port, tls }, { requestTimeoutMs: 500 });
        const requests: number[] = [];
        server.script = request => requests.push(request[1]!);
        await Promise.allSettled(entries.slice(0, count).map(([key, value]) => client.set(key, value)));
        expect(requests).toEqual([...Array<number>(count).fill(opcodes.SET), ...after]);
    });
});
