import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import memcached from '../../scripts/memcached.cjs';
import { answered, ask, requests } from './text.mjs';

// With its default memory, memcached evicts values of the large cases.
const FLAGS = ['-m', '512', '-t', '2'];

/**
 * Creates a certificate by a module of the tests. The module is TypeScript, so `register.cjs` loads
 * it.
 */
function createCertificate() {
    const require = createRequire(import.meta.url);
    require('../../test/support/register.cjs');
    return require('../../test/support/server/certificate.ts').createCertificate();
}

/** Returns the options with which memcached uses TLS on its port and plain text on `plainPort`. */
function withTls(directory, { cert, key }, plainPort) {
    const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key, { mode: 0o600 });
    const options = `ssl_chain_cert=${files.cert},ssl_key=${files.key}`;
    return { args: ['-Z', '-o', options, '-l', `notls:127.0.0.1:${plainPort}`] };
}

/**
 * Starts a memcached that ends with this process: `{ port, pid, version, flags, flush(),
 * answered(), requests(), stop() }`.
 * @param isTls whether the server also listens with TLS, for which `tls` holds the client's
 * settings
 */
export async function startMemcached({ isTls = false } = {}) {
    const certificate = isTls ? createCertificate() : null;
    let plainPort;
    const server = await memcached.startMemcached({
        args: FLAGS,
        prepare: directory => {
            if (certificate === null) return {};
            // If the port is taken, the next attempt chooses another port.
            plainPort = 30_000 + Math.floor(Math.random() * 2000);
            return withTls(directory, certificate, plainPort);
        },
    });
    const { pid } = server;
    const port = plainPort ?? server.port;
    const tls = certificate && { host: '127.0.0.1', port: server.port, tls: { ca: certificate.cert } };
    return {
        port,
        tls,
        pid,
        version: (await ask(port, 'version\r\n', '\r\n')).toString('latin1').trim().replace('VERSION ', ''),
        flags: FLAGS.join(' '),
        flush: () => ask(port, 'flush_all\r\n', '\r\n'),
        answered: () => answered(port),
        requests: () => requests(port),
        stop: () => server.end(),
    };
}
