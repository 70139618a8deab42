import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigParams, Descriptor } from 'pip-services4-components-node';
import { ConnectionParams } from 'pip-services4-config-node';
import { MemcachedCache } from '../../src/cache/MemcachedCache';
import { MemcachedClient } from '../../src/client/MemcachedClient';
import { MemcachedConnection } from '../../src/connect/MemcachedConnection';
import { MemcachedLock } from '../../src/lock/MemcachedLock';
import { codeOf } from '../support/openCache';
import { RecordingLogger } from '../support/RecordingLogger';
import { createCertificate } from '../support/server/certificate';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { RecordingProxy } from '../support/proxy/RecordingProxy';

type Place = { readonly host: string; readonly port: number; readonly weight?: number };

/** A discovery whose answer changes; it may be made to fail, or to be slow. */
class ChangingDiscovery {
    places: readonly Place[] = [];
    answer: () => Promise<unknown> = () => Promise.resolve();
    asked = 0;
    private readonly waiters: (() => void)[] = [];

    async resolveAll(): Promise<ConnectionParams[]> {
        this.asked++;
        for (const wake of this.waiters.splice(0)) wake();
        await this.answer();
        return this.places.map(place => ConnectionParams.fromTuples(...Object.entries(place).flat()));
    }

    async askedAgain(times = 1): Promise<void> {
        const until = this.asked + times;
        while (this.asked < until) await new Promise<void>(resolve => this.waiters.push(resolve));
    }
}

const DISCOVERY = new Descriptor('test', 'discovery', 'changing', 'default', '1.0');
const SHARED = new Descriptor('test', 'connection', 'memcached', 'default', '1.0');
const options = ['connection.discovery_key', 'memcached', 'options.discovery_interval', 20];

let servers: MemcachedProcess[];
let proxies: RecordingProxy[];
let discovery: ChangingDiscovery;
let logger: RecordingLogger;
let connection: MemcachedConnection;

beforeEach(async () => {
    servers = await Promise.all([1, 2, 3].map(() => MemcachedProcess.start()));
    proxies = await Promise.all(servers.map(server => RecordingProxy.start(server)));
    discovery = new ChangingDiscovery();
    discovery.places = proxies.slice(0, 2).map(placeOf);
    logger = new RecordingLogger();
    connection = connectionOf();
});

afterEach(async () => {
    await connection.close(null);
    await Promise.all(proxies.map(proxy => proxy.end()));
    await Promise.all(servers.map(server => server.end()));
});

function connectionOf(...more: unknown[]): MemcachedConnection {
    const made = new MemcachedConnection();
    made.configure(ConfigParams.fromTuples(...options, ...more));
    made.setReferences(logger.references(DISCOVERY, discovery));
    return made;
}

const placeOf = ({ host, port }: Place): Place => ({ host, port });
const named = ({ port }: { port: number }): string => `127.0.0.1:${port}`;
const versions = async (): Promise<string[]> => [...(await connection.getClient().version()).keys()].sort();
const keys = Array.from({ length: 100 }, (_, i) => `key:${i}`);

describe('options.discovery_interval', () => {
    it('follows what discovery says, and says once what has changed', async () => {
        await connection.open('trace');
        await discovery.askedAgain(2);
        expect(logger.lines).toEqual([]);
        discovery.places = proxies.slice(1).map(placeOf);
        await logger.heard(/have changed/);
        expect(await versions()).toEqual(proxies.slice(1).map(named).sort());
        await proxies[0]!.until(() => proxies[0]!.openSockets === 0);
        discovery.places = [{ ...placeOf(proxies[1]!), weight: 5 }];
        await logger.heard(/have changed/, 2);
        await discovery.askedAgain(2);
        expect(logger.lines).toEqual([
            `info the servers have changed: added: ${named(proxies[2]!)}; removed: ${named(proxies[0]!)}`,
            `info the servers have changed: removed: ${named(proxies[2]!)}; other weight: ${named(proxies[1]!)}`,
        ]);
        expect(new Set(logger.contexts)).toEqual(new Set(['trace']));
        expect(proxies[1]!.connections).toBe(1);
    });

    it('costs no call under load, and no socket of a server that stays', async () => {
        await connection.open(null);
        const cache = new MemcachedCache();
        cache.setReferences(logger.references(SHARED, connection));
        await cache.open(null);
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
            discovery.places = proxies.slice(0, change % 2 === 0 ? 2 : 3).map(placeOf);
            await logger.heard(/have changed/, change);
        }
        isOver = true;
        await Promise.all(load);
        expect(errors).toEqual([]);
        expect(calls).toBeGreaterThan(keys.length);
        expect(proxies.slice(0, 2).map(proxy => proxy.connections)).toEqual([1, 1]);
        await cache.close(null);
    });

    it.each<[string, () => void]>([
        ['an empty answer', () => (discovery.places = [])],
        ['a failure', () => (discovery.answer = () => Promise.reject(new Error('away')))],
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- that is the case
        ['a failure that is no error', () => (discovery.answer = () => Promise.reject('no error'))],
        ['a server that is none', () => (discovery.places = [{ host: '127.0.0.1', port: -1 }])],
    ])('%s leaves the servers as they are; it is said once, and once when it is well again', async (_, breakIt) => {
        const { places, answer } = discovery;
        await connection.open(null);
        for (const cycle of [1, 2]) {
            breakIt();
            await logger.heard(/gives no servers/, cycle);
            await discovery.askedAgain(3);
            expect(await versions()).toEqual(proxies.slice(0, 2).map(named).sort());
            Object.assign(discovery, { places, answer });
            await logger.heard(/answers again/, cycle);
        }
        await discovery.askedAgain(2);
        expect(logger.lines.map(line => line.split(' ', 3).join(' '))).toEqual([
            'warn discovery gives',
            'info discovery answers',
            'warn discovery gives',
            'info discovery answers',
        ]);
        expect(proxies.map(proxy => proxy.connections)).toEqual([1, 1, 0]);
    });

    it('asks one question at a time, and ignores an answer that comes after close', async () => {
        await connection.open(null);
        const client = connection.getClient();
        let answer = (): void => {};
        discovery.answer = () => new Promise<void>(resolve => (answer = resolve));
        await discovery.askedAgain();
        const { asked } = discovery;
        await new Promise(resolve => setTimeout(resolve, 100));
        expect(discovery.asked).toBe(asked);
        await connection.close(null);
        discovery.places = [placeOf(proxies[2]!)];
        answer();
        await new Promise(resolve => setTimeout(resolve, 60));
        expect(discovery.asked).toBe(asked);
        expect(client.servers.map(({ port }) => port).sort()).toEqual(
            proxies
                .slice(0, 2)
                .map(({ port }) => port)
                .sort(),
        );
        expect(logger.lines).toEqual([]);
    });

    it('connects anew with TLS when a certificate or a name has changed, and only then', async () => {
        const directory = mkdtempSync(join(tmpdir(), 'discovery-'));
        const file = join(directory, 'ca.pem');
        const certificate = createCertificate();
        writeFileSync(file, certificate.cert);
        const server = await MemcachedProcess.start({ certificate });
        const proxy = await RecordingProxy.start(server);
        discovery.places = [placeOf(proxy)];
        const tls = ['connection.protocol', 'tls', 'credential.ssl_ca_file', file];
        connection = connectionOf(...tls, 'credential.ssl_server_name', '127.0.0.1');
        await connection.open(null);
        await discovery.askedAgain(5);
        await connection.getClient().set('key', 'value');
        expect([proxy.connections, logger.lines.length]).toEqual([1, 0]);
        const two = certificate.cert + createCertificate().cert;
        writeFileSync(file, two);
        await logger.heard(/connected anew/);
        await discovery.askedAgain(3);
        expect((await connection.getClient().get('key')).value!.toString()).toBe('value');
        expect([proxy.connections, logger.lines.length]).toEqual([2, 1]);
        writeFileSync(file, 'no certificate');
        await logger.heard(/gives no servers/);
        expect((await connection.getClient().get('key')).value!.toString()).toBe('value');
        expect(proxy.connections).toBe(2);
        // A file that is replaced may be seen half written: when it is what it was, nothing has changed.
        writeFileSync(file, two);
        await logger.heard(/answers again/);
        await discovery.askedAgain(2);
        expect((await connection.getClient().get('key')).value!.toString()).toBe('value');
        expect([proxy.connections, logger.count(/connected anew/)]).toEqual([2, 1]);
        await connection.close(null);
        await proxy.end();
        await server.end();
        rmSync(directory, { recursive: true });
    });

    it('goes on after close and open, once', async () => {
        await connection.open(null);
        await connection.close(null);
        await connection.open(null);
        discovery.places = [placeOf(proxies[2]!)];
        await logger.heard(/have changed/);
        await discovery.askedAgain(2);
        expect(logger.lines).toHaveLength(1);
        expect(await versions()).toEqual([named(proxies[2]!)]);
    });

    it('is not begun when open fails', async () => {
        await Promise.all(servers.map(server => server.kill()));
        expect(await codeOf(connection.open(null))).toBe('CONNECT_FAILED');
        const { asked } = discovery;
        await new Promise(resolve => setTimeout(resolve, 60));
        expect(discovery.asked).toBe(asked);
    });

    it('close in the middle of a change closes everything', async () => {
        for (let i = 0; i < 10; i++) {
            await connection.open(null);
            const client = connection.getClient();
            const calls = keys.map(key => codeOf(client.set(key, key)));
            discovery.places = proxies.slice(i % 3).map(placeOf);
            await new Promise(resolve => setTimeout(resolve, 15 + i));
            await connection.close(null);
            expect(new Set(await Promise.all(calls))).toEqual(new Set(['answered true']));
            expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
        }
    });

    it('0 asks at open only', async () => {
        connection = connectionOf('options.discovery_interval', 0);
        await connection.open(null);
        await new Promise(resolve => setTimeout(resolve, 60));
        expect(discovery.asked).toBe(1);
    });

    it('without any discovery_key does nothing, and that is said', async () => {
        connection = new MemcachedConnection();
        const { host, port } = servers[0]!;
        connection.configure(
            ConfigParams.fromTuples('connection.host', host, 'connection.port', port, 'options.discovery_interval', 5),
        );
        connection.setReferences(logger.references());
        await connection.open(null);
        expect(logger.lines).toEqual([
            'warn options.discovery_interval does nothing: no connection has a discovery_key',
        ]);
    });
});

describe('a lock on a connection that follows discovery', () => {
    const warning = /^warn options\.discovery_interval is for caches/;

    it('of its own says at open that it is not for locks', async () => {
        const lock = new MemcachedLock();
        lock.configure(ConfigParams.fromTuples(...options));
        lock.setReferences(logger.references(DISCOVERY, discovery));
        await lock.open(null);
        await lock.open(null);
        expect(logger.count(warning)).toBe(1);
        await lock.close(null);
    });

    it('of others too, and a cache says nothing, nor a lock when discovery is asked once', async () => {
        await connection.open(null);
        const [lock, cache] = [new MemcachedLock(), new MemcachedCache()];
        for (const user of [lock, cache]) user.setReferences(logger.references(SHARED, connection));
        await cache.open(null);
        expect(logger.lines).toEqual([]);
        await Promise.all([lock.open(null), lock.open(null)]);
        expect(logger.count(warning)).toBe(1);
        await Promise.all([lock.close(null), cache.close(null)]);

        const still = new MemcachedLock();
        still.configure(ConfigParams.fromTuples(...options, 'options.discovery_interval', 0));
        still.setReferences(logger.references(DISCOVERY, discovery));
        await still.open(null);
        expect(logger.count(warning)).toBe(1);
        await still.close(null);
    });

    it('whose key gets another server is lost: it extends and releases nothing of the next holder', async () => {
        discovery.places = [placeOf(proxies[0]!)];
        const [lock, other] = [new MemcachedLock(), new MemcachedLock()];
        for (const one of [lock, other]) {
            one.configure(ConfigParams.fromTuples(...options));
            one.setReferences(logger.references(DISCOVERY, discovery));
            await one.open(null);
        }
        const lease = (await lock.tryAcquireLease(null, 'key', 10_000))!;
        discovery.places = [placeOf(proxies[1]!)];
        await logger.heard(/have changed/, 2);
        const next = (await other.tryAcquireLease(null, 'key', 10_000))!;
        expect(next).not.toBeNull();
        // The servers are new: what they count is alike.
        expect(next.fencingToken).toBe(lease.fencingToken);
        expect(await lease.extend(10_000)).toBe(false);
        await lease.release();
        expect(await next.extend(10_000)).toBe(true);
        await next.release();
        expect(await lock.tryAcquireLock(null, 'key', 10_000)).toBe(true);
        await Promise.all([lock.close(null), other.close(null)]);
    });

    it('whose key gets another server while it is acquired does not take the CAS for one of that server', async () => {
        discovery.places = [placeOf(proxies[0]!)];
        const lock = new MemcachedLock();
        lock.configure(ConfigParams.fromTuples(...options));
        lock.setReferences(logger.references(DISCOVERY, discovery));
        await lock.open(null);
        await servers[0]!.stop();
        const acquiring = lock.tryAcquireLease(null, 'key', 10_000);
        discovery.places = [placeOf(proxies[1]!)];
        await logger.heard(/have changed/);
        // Another process holds it where it belongs now, under the same CAS.
        const client = new MemcachedClient([placeOf(servers[1]!)]);
        await client.open();
        const cas = await client.casAdd('key', 'of another', {});
        // Its socket to that server is there, so that no new one gives it away.
        await lock.tryAcquireLock(null, 'other', 10_000);
        servers[0]!.continue();
        const lease = (await acquiring)!;
        expect(lease.fencingToken).toBe(cas);
        expect(await lease.extend(10_000)).toBe(false);
        await lease.release();
        expect((await client.get('key')).value!.toString()).toBe('of another');
        await client.close();
        await lock.close(null);
    });
});
