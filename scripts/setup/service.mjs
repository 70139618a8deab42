import { connect } from 'node:net';
import { SetupError } from './say.mjs';

const VERSION_REQUEST = Buffer.from([0x80, 0x0b, ...Array(22).fill(0)]);
const RESPONSE = 0x81;

/**
 * Asks a server for its version in the binary protocol. Throws if it does not answer in that
 * protocol.
 */
export async function checkService({ host, port }, timeoutMs = 3000) {
    const failure = await new Promise(resolve => {
        const socket = connect({ host, port });
        const end = reason => {
            socket.destroy();
            resolve(reason);
        };
        socket.setTimeout(timeoutMs, () => end(`no answer within ${timeoutMs} ms`));
        socket.once('error', error => end(error.message || error.code));
        socket.once('end', () => end('it closed the connection'));
        socket.once('data', ([first]) => end(first === RESPONSE ? undefined : 'it does not speak the binary protocol'));
        socket.write(VERSION_REQUEST);
    });
    if (!failure) return;
    throw new SetupError(`No memcached at ${host}:${port}: ${failure}.
Next: start it there, or unset MEMCACHED_SERVICE_HOST to have one found or installed.`);
}
