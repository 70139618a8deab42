import { writeFileSync } from 'node:fs';
import { Descriptor } from 'pip-services4-components-node';
import type { MemcachedConnection } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useFleet } from '../support/Fleet';
import { useOpener } from '../support/Opener';
import { createCertificate } from '../support/server/certificate';
import type { Settings } from '../support/settings';
import { sleep } from '../support/sleep';
import { ChangingDiscovery, followed, placeOf } from './ChangingDiscovery';
import { fileOf } from './tlsFiles';

const SHARED = new Descriptor('test', 'connection', 'memcached', 'default', '1.0');

const open = useOpener();
const { logger } = open;
const fleet = useFleet(open);
let discovery: ChangingDiscovery;
let connection: MemcachedConnection;

beforeEach(() => {
    discovery = new ChangingDiscovery();
    discovery.places = fleet.proxies.slice(0, 2).map(placeOf);
    connection = connectionOf();
});

const connectionOf = (settings: Settings = {}): MemcachedConnection =>
    open.connectionOf([], { ...followed, ...settings }, discovery.references(logger));
const named = ({ port }: { port: number }): string => `127.0.0.1:${port}`;
const versions = async (): Promise<string[]> => [...(await connection.getClient().version()).keys()].sort();
const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);

describe('options.discovery_interval', () => {
    it('follows discovery, and logs each change once', async () => {
        await connection.open('trace');
        await discovery.askedAgain(2);
        expect(logger.lines).toEqual([]);
        discovery.places = fleet.proxies.slice(1).map(placeOf);
        await logger.heard(/servers changed/);
        expect(await versions()).toEqual(fleet.proxies.slice(1).map(named).sort());
        await fleet.proxies[0].until(() => fleet.proxies[0].openSockets === 0);
        discovery.places = [{ ...placeOf(fleet.proxies[1]), weight: 5 }];
        await logger.heard(/servers changed/, 2);
        await discovery.askedAgain(2);
        expect(logger.lines).toEqual([
            `info the servers changed: added: ${named(fleet.proxies[2])}; removed: ${named(fleet.proxies[0])}`,
            `info the servers changed: removed: ${named(fleet.proxies[2])}; reweighted: ${named(fleet.proxies[1])}`,
        ]);
        expect(new Set(logger.contexts)).toEqual(new Set(['trace']));
        expect(fleet.proxies[1].connections).toBe(1);
    });

    it('fails no call under load, and keeps the sockets of the servers that stay', async () => {
        await connection.open(null);
        const cache = await open.cache([], {}, logger.references(SHARED, connection));
        let isOver = false;
        const errors: string[] = [];
        let calls = 0;
        const load = keys.map(async key => {
            while (!isOver) {
                calls++;
                await cache.store(null, key, key, 60_000).catch((error: Error) => errors.push(error.message));
                const value = await cache.retrieve(null, key).catch((error: Error) => errors.push(error.message));
                if (value !== key && value !== null) errors.push(`${key} is ${String(value)}`);
            }
        });
        for (let change = 1; change <= 10; change++) {
            discovery.places = fleet.proxies.slice(0, change % 2 === 0 ? 2 : 3).map(placeOf);
            await logger.heard(/servers changed/, change);
        }
        isOver = true;
        await Promise.all(load);
        expect(errors).toEqual([]);
        expect(calls).toBeGreaterThan(keys.length);
        expect(fleet.proxies.slice(0, 2).map(proxy => proxy.connections)).toEqual([1, 1]);
    });

    it.each<[string, () => void]>([
        ['an empty answer', () => (discovery.places = [])],
        ['a failure', () => (discovery.answer = () => Promise.reject(new Error('away')))],
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the test case
        ['a rejection without an error', () => (discovery.answer = () => Promise.reject('no error'))],
        ['an invalid server', () => (discovery.places = [{ host: '127.0.0.1', port: -1 }])],
    ])('keeps the servers, and logs the problem and the recovery once each, after %s', async (_, breakIt) => {
        const { places, answer } = discovery;
        await connection.open(null);
        for (const cycle of [1, 2]) {
            breakIt();
            await logger.heard(/lookup of discovery_key memcached failed/, cycle);
            await discovery.askedAgain(3);
            expect(await versions()).toEqual(fleet.proxies.slice(0, 2).map(named).sort());
            Object.assign(discovery, { places, answer });
            await logger.heard(/lookup of discovery_key memcached works again/, cycle);
        }
        await discovery.askedAgain(2);
        expect(logger.lines.map(line => line.split(' ', 3).join(' '))).toEqual([
            'warn the lookup',
            'info the lookup',
            'warn the lookup',
            'info the lookup',
        ]);
        expect(fleet.proxies.map(proxy => proxy.connections)).toEqual([1, 1, 0]);
    });

    it('sends one query at a time, and ignores an answer after close', async () => {
        await connection.open(null);
        const client = connection.getClient();
        let answer = (): void => {};
        discovery.answer = () => new Promise<void>(resolve => (answer = resolve));
        await discovery.askedAgain();
        const { asked } = discovery;
        await sleep(100);
        expect(discovery.asked).toBe(asked);
        await connection.close(null);
        discovery.places = [placeOf(fleet.proxies[2])];
        answer();
        await sleep(60);
        expect(discovery.asked).toBe(asked);
        expect(client.servers.map(({ port }) => port).sort()).toEqual(
            fleet.proxies
                .slice(0, 2)
                .map(({ port }) => port)
                .sort(),
        );
        expect(logger.lines).toEqual([]);
    });

    it('keeps TLS connections when a lookup finds other contents of the TLS files', async () => {
        const certificate = createCertificate();
        const file = fileOf(certificate.cert);
        const server = await open.server({ certificate });
        const proxy = await open.recordingProxy(server);
        discovery.places = [placeOf(proxy)];
        const tls = { 'connection.protocol': 'tls', 'credential.ssl_ca_file': file };
        connection = connectionOf({ ...tls, 'credential.ssl_server_name': '127.0.0.1' });
        await connection.open(null);
        await connection.getClient().set('key', 'value');
        for (const contents of [certificate.cert + createCertificate().cert, 'no certificate']) {
            writeFileSync(file, contents);
            await discovery.askedAgain(3);
            expect((await connection.getClient().get('key')).value!.toString()).toBe('value');
        }
        expect([proxy.connections, logger.lines.length]).toEqual([1, 0]);
    });

    it('continues with one watcher after close and open', async () => {
        await connection.open(null);
        await connection.close(null);
        await connection.open(null);
        discovery.places = [placeOf(fleet.proxies[2])];
        await logger.heard(/servers changed/);
        await discovery.askedAgain(2);
        expect(logger.lines).toHaveLength(1);
        expect(await versions()).toEqual([named(fleet.proxies[2])]);
    });

    it('does not start when open fails', async () => {
        await Promise.all(fleet.servers.map(server => open.kill(server)));
        expect(await codeOf(connection.open(null))).toBe('CONNECT_FAILED');
        const { asked } = discovery;
        await sleep(60);
        expect(discovery.asked).toBe(asked);
    });

    it('leaves no socket open when close interrupts a change', async () => {
        for (let i = 0; i < 10; i++) {
            await connection.open(null);
            const client = connection.getClient();
            const calls = keys.map(key => codeOf(client.set(key, key)));
            discovery.places = fleet.proxies.slice(i % 3).map(placeOf);
            await sleep(15 + i);
            await connection.close(null);
            expect(new Set(await Promise.all(calls))).toEqual(new Set(['answered true']));
            expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
        }
    });

    it('queries discovery only at open when it is 0', async () => {
        connection = connectionOf({ discovery_interval: 0 });
        await connection.open(null);
        await sleep(60);
        expect(discovery.asked).toBe(1);
    });

    it('logs that it has no effect without a discovery_key', async () => {
        await open.connectionOf(fleet.servers[0], { discovery_interval: 5 }).open(null);
        expect(logger.lines).toEqual([
            'warn options.discovery_interval has no effect: no connection has a discovery_key' +
                ' or a scheme that finds servers',
        ]);
    });
});
