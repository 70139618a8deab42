import { writeFileSync } from 'node:fs';
import { connect } from 'node:tls';
import type { MemcachedCache } from 'pip-services4-memcached-node';
import { useOpener } from '../support/Opener';
import { createCertificate, type Certificate } from '../support/server/certificate';
import { ClusterEndpoint } from '../support/server/ClusterEndpoint';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { sleep } from '../support/sleep';
import { fileOf } from './tlsFiles';

const open = useOpener();

/** The old and the new authority, and a certificate of each for the server and for the client. */
const [oldOne, newOne] = ['old', 'new'].map(name => {
    const authority = createCertificate([`the ${name} authority`]);
    return {
        authority,
        server: createCertificate(undefined, { authority }),
        client: createCertificate([`${name} client`], { authority }),
    };
}) as [Generation, Generation];

interface Generation {
    readonly authority: Certificate;
    readonly server: Certificate;
    readonly client: Certificate;
}

interface Files {
    readonly authorities: string;
    readonly certificate: string;
    readonly key: string;
}

const bothAuthorities = oldOne.authority.cert + newOne.authority.cert;
const serverFiles = (): Files => ({
    authorities: fileOf(oldOne.authority.cert),
    certificate: fileOf(oldOne.server.cert),
    key: fileOf(oldOne.server.key),
});
const clientFiles = (): Files => ({
    authorities: fileOf(oldOne.authority.cert),
    certificate: fileOf(oldOne.client.cert),
    key: fileOf(oldOne.client.key),
});

function write(files: Files, authorities: string, { cert, key }: Certificate): void {
    writeFileSync(files.authorities, authorities);
    writeFileSync(files.certificate, cert);
    writeFileSync(files.key, key);
}

/** Starts a memcached that reads these files, and accepts only clients with a certificate. */
const start = ({ authorities, certificate, key }: Files) =>
    open.server({
        args: ['-Z', '-o', `ssl_chain_cert=${certificate},ssl_key=${key},ssl_ca_cert=${authorities},ssl_verify_mode=2`],
    });

/** Makes memcached read its certificate and its key again. */
async function refreshCertificates({ port }: MemcachedProcess, { client }: Generation): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', cert: client.cert, key: client.key, rejectUnauthorized: false });
    socket.write('refresh_certs\r\n');
    const reply = await new Promise<Buffer>(resolve => socket.once('data', resolve));
    socket.destroy();
    expect(reply.toString()).toBe('OK\r\n');
}

/** Calls of 64 callers at a time, until `stop`. Returns the errors. */
function load(cache: MemcachedCache) {
    let isOver = false;
    const counts = { calls: 0, errors: [] as unknown[] };
    const callers = Array.from({ length: 64 }, async (_, i) => {
        for (let n = 0; !isOver; n++) {
            counts.calls++;
            const call = n % 4 ? cache.retrieve(null, `key${i}`) : cache.store(null, `key${i}`, n, 60_000);
            await call.catch((error: unknown) => counts.errors.push(error));
        }
    });
    const stop = async () => {
        isOver = true;
        await Promise.all(callers);
        return counts;
    };
    open.atEnd(stop);
    return { counts, stop };
}

/**
 * Makes the files be read 50 times a second, instead of twice a minute.
 * Returns the number of reads that were scheduled.
 */
function readOften(): { reads: number } {
    const timers = { reads: 0 };
    const real = setTimeout;
    const spy = jest.spyOn(globalThis, 'setTimeout');
    spy.mockImplementation((run: () => void, ms?: number, ...rest: []) => {
        const isRead = ms !== undefined && ms >= 27_000 && ms <= 33_000;
        if (isRead) timers.reads++;
        return real(run, isRead ? 20 : ms, ...rest);
    });
    open.atEnd(() => spy.mockRestore());
    return timers;
}

const configOf = ({ port }: MemcachedProcess, files: Files) => ({
    'connection.uri': `memcacheds://localhost:${port}`,
    'credential.ssl_ca_file': files.authorities,
    'credential.ssl_crt_file': files.certificate,
    'credential.ssl_key_file': files.key,
    idle: 50,
    request_timeout: 20_000,
});

const connects = (cache: MemcachedCache) => cache.getStats().servers[0]!.connects;

it('rotates both sides under load without an error, and leaves open connections alone', async () => {
    readOften();
    const [theirs, ours] = [serverFiles(), clientFiles()];
    write(theirs, bothAuthorities, oldOne.server);
    const server = await start(theirs);
    const cache = await open.cache([], configOf(server, ours));
    const { counts, stop } = load(cache);
    while (counts.calls < 500) await sleep(5);

    write(ours, bothAuthorities, newOne.client);
    await open.logger.heard(/TLS files have changed/);
    write(theirs, bothAuthorities, newOne.server);
    await refreshCertificates(server, newOne);
    write(ours, newOne.authority.cert, newOne.client);
    await open.logger.heard(/TLS files have changed/, 2);
    const soFar = counts.calls;
    while (counts.calls < soFar + 500) await sleep(5);
    // A check opens a connection. The client no longer trusts the old certificate.
    expect(await cache.checkHealth(null)).toMatchObject([{ reachable: true }]);
    expect((await stop()).errors).toEqual([]);
    expect(open.logger.count(/down|not usable/)).toBe(0);

    // The idle connections close. Those of the next calls are new.
    await sleep(200);
    const before = connects(cache);
    const again = load(cache);
    while (again.counts.calls < 500) await sleep(5);
    expect((await again.stop()).errors).toEqual([]);
    expect(connects(cache)).toBeGreaterThan(before);
});

it.each([
    ['the new client certificate to a server that accepts only this one', true],
    ['the old one without a rotation, which the server refuses', false],
])('sends %s', async (_, isRotated) => {
    readOften();
    const [theirs, ours] = [serverFiles(), clientFiles()];
    const server = await start(theirs);
    const cache = await open.cache([], { ...configOf(server, ours), failures: 1, retries: 0, retry: 20, idle: 0 });
    expect(await cache.store(null, 'key', 1, 60_000)).toBe(1);
    if (isRotated) {
        write(ours, bothAuthorities, newOne.client);
        await open.logger.heard(/TLS files have changed/);
    }
    expect(await cache.retrieve(null, 'key')).toBe(1);
    write(theirs, newOne.authority.cert, oldOne.server);
    await server.restart();
    await sleep(100);
    const [health] = await cache.checkHealth(null);
    expect(health!.reachable).toBe(isRotated);
});

it('recovers from a certificate that the server refuses once the files are renewed', async () => {
    readOften();
    const [theirs, ours] = [serverFiles(), clientFiles()];
    write(theirs, newOne.authority.cert, oldOne.server);
    const server = await start(theirs);
    const cache = await open.cache([], { ...configOf(server, ours), fail_soft: true, retry: 20 });
    expect(await cache.retrieve(null, 'key')).toBeNull();
    expect(cache.getStats().servers[0]!.isUp).toBe(false);
    write(ours, bothAuthorities, newOne.client);
    await open.logger.heard(/is up again/);
    expect(await cache.store(null, 'key', 1, 60_000)).toBe(1);
});

it('keeps working with the old files when the new ones are invalid', async () => {
    readOften();
    const [theirs, ours] = [serverFiles(), clientFiles()];
    const cache = await open.cache([], configOf(await start(theirs), ours));
    writeFileSync(ours.certificate, newOne.client.cert);
    await open.logger.heard(/not usable, keeping the old ones: .*expected the key of/);
    expect(await cache.checkHealth(null)).toMatchObject([{ reachable: true }]);
    await sleep(100);
    expect(open.logger.count(/not usable/)).toBe(1);
});

it('asks a cluster endpoint and connects to its servers with the renewed files', async () => {
    readOften();
    const [theirs, ours] = [serverFiles(), clientFiles()];
    const endpoint = await open.ending(ClusterEndpoint.start(oldOne.server));
    const server = await start(theirs);
    endpoint.lists(1, server);
    const uri = `memcacheds+cluster://localhost:${endpoint.port}`;
    const cache = await open.cache([], { ...configOf(server, ours), 'connection.uri': uri, discovery_interval: 20 });

    // The client no longer trusts the old certificates of both.
    write(ours, newOne.authority.cert, oldOne.client);
    await open.logger.heard(/TLS files have changed/);
    await open.logger.heard(/lookup of memcacheds\+cluster:.* failed, keeping its servers: /);
    expect(await cache.checkHealth(null)).toMatchObject([{ reachable: false }]);

    write(ours, bothAuthorities, oldOne.client);
    await open.logger.heard(/TLS files have changed/, 2);
    await open.logger.heard(/lookup of memcacheds\+cluster:.* works again/);
    expect(await cache.checkHealth(null)).toMatchObject([{ reachable: true }]);
    // A renewed file is no change of servers.
    expect(open.logger.count(/servers changed/)).toBe(0);
});

it('reads changed files at the next open', async () => {
    const [theirs, ours] = [serverFiles(), clientFiles()];
    const cache = open.cacheOf([], configOf(await start(theirs), ours));
    await cache.open(null);
    await cache.close(null);
    write(theirs, newOne.authority.cert, newOne.server);
    const renewed = await start(theirs);
    const moved = open.cacheOf([], configOf(renewed, ours));
    write(ours, newOne.authority.cert, newOne.client);
    await moved.open(null);
    expect(await moved.store(null, 'key', 1, 60_000)).toBe(1);
});

it('reads no files after close', async () => {
    readOften();
    const [theirs, ours] = [serverFiles(), clientFiles()];
    const cache = await open.cache([], configOf(await start(theirs), ours));
    await cache.close(null);
    writeFileSync(ours.certificate, '');
    await sleep(100);
    expect(open.logger.count(/TLS files/)).toBe(0);
});

it('starts no timer for a connection without TLS files', async () => {
    const timers = readOften();
    const cache = await open.cache(await open.server());
    expect(await cache.store(null, 'key', 1, 60_000)).toBe(1);
    expect(timers.reads).toBe(0);
    const [theirs, ours] = [serverFiles(), clientFiles()];
    await open.cache([], configOf(await start(theirs), ours));
    expect(timers.reads).toBe(1);
});
