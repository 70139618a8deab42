import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { root } from '../setup/say.mjs';

/** Opens a registry that has this package, and redirects to another registry for all others. */
export async function openRegistry(tarball, upstream) {
    const content = readFileSync(tarball);
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const { name, version } = manifest;

    const server = createServer(({ url }, response) => {
        if (url === `/${name}`) {
            response.setHeader('content-type', 'application/json');
            response.end(JSON.stringify(packument()));
        } else if (url === tarballPath) {
            response.end(content);
        } else {
            response.writeHead(302, { location: new URL(url.slice(1), upstream).href });
            response.end();
        }
    });
    const tarballPath = `/${name}/-/${name}-${version}.tgz`;
    const address = () => `http://127.0.0.1:${server.address().port}`;
    const packument = () => {
        const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`;
        const shasum = createHash('sha1').update(content).digest('hex');
        const dist = { tarball: address() + tarballPath, integrity, shasum };
        // Package managers refuse versions that are only a few days old.
        const time = { [version]: '2026-01-01T00:00:00.000Z' };
        return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } }, time };
    };
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
        url: `${address()}/`,
        version,
        close() {
            server.close();
            server.closeAllConnections();
        },
    };
}
