import { useOpener } from '../support/Opener';
import { openError } from './opening';
import { certificate, tlsConfigOf } from './tlsFiles';

const open = useOpener();

describe('a TLS mismatch', () => {
    const patient = { connect_timeout: 30_000, request_timeout: 60_000 };

    it('is reported when only the client uses TLS', async () => {
        const server = await open.server();
        expect(await openError(open, tlsConfigOf(server, patient))).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(/the server does not speak TLS \(/),
        });
    });

    it('is reported when only the server uses TLS', async () => {
        const { host, port } = await open.server({ certificate });
        const config = { 'connection.host': host, 'connection.port': port, ...patient };
        expect(await openError(open, config)).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(
                /neither the binary nor the meta protocol works: .* before the first reply \(does the server speak only TLS\?\)$/,
            ),
        });
    });

    it.each([
        ['answers HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', /the server does not speak TLS/],
        ['hangs up', null, /closed the connection in the TLS handshake \(does the server speak TLS\?\)$/],
    ])('is reported when the server %s', async (_, answer, message) => {
        const port = await listen(answer);
        const config = tlsConfigOf({ port }, { ...patient, failures: 1 });
        expect(await openError(open, config)).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(message),
        });
    });

    it('is reported when the server is silent', async () => {
        const config = tlsConfigOf({ port: await listen('') }, { ...patient, failures: 1 });
        expect(await openError(open, { ...config, connect_timeout: 500 })).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(/no TLS handshake within 500 ms \(does the server speak TLS\?\)$/),
        });
    });

    it('is reported when the server answers a plain client with a TLS alert', async () => {
        const port = await listen(Buffer.from('15030300020246', 'hex'));
        const config = { 'connection.host': '127.0.0.1', 'connection.port': port, ...patient };
        expect(await openError(open, config)).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(/the server answers in TLS, but the connection does not use TLS$/),
        });
    });
});

/**
 * Starts a server that sends `answer` to the first bytes. If `answer` is null, the server closes
 * the connection.
 */
async function listen(answer: string | Buffer | null): Promise<number> {
    const server = await open.scripted();
    server.onSocket = socket => {
        socket
            .removeAllListeners('data')
            .once('data', () => (answer === null ? socket.destroy() : socket.write(answer)));
    };
    return server.port;
}
