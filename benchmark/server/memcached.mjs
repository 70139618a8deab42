import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import memcached from '../../scripts/memcached.cjs';
import { answered, ask, requests } from './text.mjs';

// memcached's default memory would evict what the large cases store.
const FLAGS = ['-m', '512', '-t', '2'];

/** The tests' maker of certificates is TypeScript. */
function createCertificate() {
    const require = createRequire(import.meta.url);
    require('../../test/support/register.cjs');
    return require('../../test/support/server/certificate.ts').createCertificate();
}

/** What makes memcached speak TLS at its port, and listen at another one without. */
function withTls(directory, { cert, key }, plainPort) {
    const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key, { mode: 0o600 });
    const options = `ssl_chain_cert=${files.cert},ssl_key=${files.key}`;
    return { args: ['-Z', '-o', options, '-l', `notls:127.0.0.1:${plainPort}`] };
}

/**
 * A memcached of our own, which ends with us however we end: `{ port, pid, version, flags, flush(), answered(), requests(), stop() }`.
 * @param isTls it has a second port: `tls` is what our client is given to speak TLS there
 */
export async function startMemcached({ isTls = false } = {}) {
    const certificate = isTls ? createCertificate() : null;
    let plainPort;
    const server = await memcached.startMemcached({
        args: FLAGS,
        prepare: directory => {
            if (certificate === null) return {};
            // Tried again with another one when this one is taken.
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
