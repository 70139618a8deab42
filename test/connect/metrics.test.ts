import { Descriptor, References, type IReferences } from 'pip-services4-components-node';
import { MemcachedCache, MemcachedConnection, MemcachedLock } from 'pip-services4-memcached-node';
import { useServer } from '../support/Opener';
import { ScriptedServer } from '../support/server/ScriptedServer';
import { configOf } from '../support/settings';

/** The components with a connection. Each component reports the same statistics. */
const COMPONENTS = { MemcachedConnection, MemcachedCache, MemcachedLock };

const server = useServer();
/**
 * A server that drops connections. An unused port does not serve, because another test may start a
 * server there.
 */
let dropping: ScriptedServer;
let away: { host: string; port: number; address: string };

beforeAll(async () => {
    dropping = await ScriptedServer.start();
    dropping.onSocket = socket => socket.destroy();
    const { host, port } = dropping;
    away = { host, port, address: `${host}:${port}` };
});

afterAll(() => dropping.end());

describe.each(Object.entries(COMPONENTS))('%s', (_, Component) => {
    async function open(references?: IReferences) {
        const component = new Component();
        if (references) component.setReferences(references);
        else component.configure(configOf([server, away], { request_timeout: 2000 }));
        await component.open('trace');
        return component;
    }

    it('reports the statistics of its servers while it is open', async () => {
        const component = new Component();
        expect(component.getStats().servers).toEqual([]);
        component.configure(configOf([server, away]));
        await component.open(null);
        const { servers } = component.getStats();
        expect(servers).toMatchObject([{ address: server.address, isUp: true, calls: 1 }, { address: away.address }]);
        await component.close(null);
        expect(component.getStats().servers).toEqual([]);
    });

    it('reports the health of its servers', async () => {
        const component = await open();
        expect(await component.checkHealth('trace')).toMatchObject([
            { address: server.address, reachable: true, casEnabled: true },
            { address: away.address, reachable: false, error: { code: 'SERVER_DOWN' } },
        ]);
        await component.close(null);
    });

    it('rejects with NOT_OPENED for a health check before open or after close', async () => {
        const notOpened = { code: 'NOT_OPENED', trace_id: 'trace' };
        await expect(new Component().checkHealth('trace')).rejects.toMatchObject(notOpened);
        const component = await open();
        await component.close(null);
        await expect(component.checkHealth('trace')).rejects.toMatchObject(notOpened);
    });
});

it('reports the same statistics from all components of a shared connection', async () => {
    const connection = new MemcachedConnection();
    connection.configure(configOf(server));
    await connection.open(null);
    const references = References.fromTuples(
        new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0'),
        connection,
    );
    const cache = new MemcachedCache();
    const lock = new MemcachedLock();
    for (const component of [cache, lock]) {
        component.setReferences(references);
        await component.open(null);
    }
    await cache.retrieve(null, 'nothing');
    await lock.tryAcquireLock(null, 'key', 1000);
    const [stats] = connection.getStats().servers;
    expect(stats).toMatchObject({ misses: 1, calls: 3 });
    expect(cache.getStats().servers).toEqual([stats]);
    expect(lock.getStats().servers).toEqual([stats]);
    expect(await cache.checkHealth(null)).toMatchObject([{ reachable: true }]);
    await lock.close(null);
    await cache.close(null);
    await connection.close(null);
    expect(cache.getStats().servers).toEqual([]);
});
