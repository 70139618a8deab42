import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigParams, Descriptor, type IReferences } from 'pip-services3-commons-nodex';
import { CounterType, LogCounters } from 'pip-services3-components-nodex';
import { ProcessContainer } from 'pip-services3-container-nodex';
import { DefaultConfigFactory } from 'pip-services4-config-node';
import {
    DefaultMemcachedFactory,
    MemcachedCache,
    type MemcachedConnection,
    type MemcachedLock,
} from 'pip-services4-memcached-node';
import { useOpener, useServer } from '../support/Opener';
import { runScript } from '../support/runScript';
import { readItem, readStat } from '../support/server/textProtocol';

/**
 * Runs components from YAML in the container that services use. The container is version 3, so its
 * contexts are strings.
 */
class TestContainer extends ProcessContainer {
    references!: IReferences;

    constructor(...factories: object[]) {
        super('test', 'components from YAML');
        this._logger.setLevel(0);
        for (const factory of factories) this.addFactory(factory as never);
    }

    read(file: string, variables: Record<string, unknown>): void {
        const parameters = ConfigParams.fromTuples(...Object.entries(variables).flat());
        this.readConfigFromFile('trace', resolve(__dirname, 'config', file), parameters);
    }

    override setReferences(references: IReferences): void {
        this.references = references;
    }

    find<T>(type: string, name = '*'): T {
        return this.references.getOneRequired<T>(new Descriptor('*', type, 'memcached', name, '1.0'));
    }
}

const opener = useOpener();
const server = useServer();

async function run(file: string, factories: object[], at = server, more: Record<string, unknown> = {}) {
    const container = new TestContainer(...factories);
    container.read(file, { HOST: at.host, PORT: at.port, ...more });
    await container.open('trace');
    opener.atEnd(() => container.close('trace'));
    return container;
}

async function expectWorking(cache: MemcachedCache): Promise<void> {
    expect(cache).toBeInstanceOf(MemcachedCache);
    expect(cache.isOpen()).toBe(true);
    expect(await cache.store('trace', 'key', { a: 1 })).toEqual({ a: 1 });
    expect(await cache.retrieve('trace', 'key')).toEqual({ a: 1 });
}

it('opens, configures and closes a cache with its own connection', async () => {
    const container = await run('direct.yml', [new DefaultMemcachedFactory()]);
    const cache = container.find<MemcachedCache>('cache');
    await expectWorking(cache);
    const { ttl } = (await readItem(server, 'direct:key'))!;
    expect([19, 20]).toContain(ttl);
    await container.close('trace');
    expect(cache.isOpen()).toBe(false);
    await expect(cache.retrieve('trace', 'key')).rejects.toMatchObject({ code: 'NOT_OPENED', trace_id: 'trace' });
});

it('finds servers by discovery and the password in a credential store', async () => {
    const login = { username: 'ann', password: 'secret' };
    const locked = await opener.server({ login });
    const factories = [new DefaultMemcachedFactory(), new DefaultConfigFactory()];
    const container = await run('discovery.yml', factories, locked, {
        USERNAME: login.username,
        PASSWORD: login.password,
    });
    await expectWorking(container.find('cache'));
});

it('shares one connection between two caches', async () => {
    const before = await readStat(server, 'total_connections');
    const container = await run('shared.yml', [new DefaultMemcachedFactory()]);
    const caches = ['one', 'other'].map(name => container.find<MemcachedCache>('cache', name));
    for (const cache of caches) await expectWorking(cache);
    expect(caches[0]).not.toBe(caches[1]);
    expect(await readItem(server, 'one:key')).not.toBeNull();
    expect(await readItem(server, 'other:key')).not.toBeNull();
    // One connection belongs to the components, and three to the test itself.
    expect((await readStat(server, 'total_connections')) - before).toBe(4);
    const connection = container.find<MemcachedConnection>('connection');
    expect(connection.isOpen()).toBe(true);
    await container.close('trace');
    expect([connection.isOpen(), ...caches.map(cache => cache.isOpen())]).toEqual([false, false, false]);
});

it('sends all counts to the counters of the container', async () => {
    const container = await run('counters.yml', [new DefaultMemcachedFactory()]);
    const counters = container.references.getOneRequired<LogCounters>(
        new Descriptor('pip-services', 'counters', 'log', '*', '1.0'),
    );
    expect(counters).toBeInstanceOf(LogCounters);
    const cache = container.find<MemcachedCache>('cache');
    const lock = container.find<MemcachedLock>('lock');
    await expectWorking(cache);
    await cache.retrieve('trace', 'nothing');
    await lock.acquireLock('trace', 'key', 1000, 1000);
    await lock.releaseLock('trace', 'key');
    const numbers = counters.getAll().map(({ name, type, count }) => [name, CounterType[type], count]);
    expect(numbers.sort()).toEqual([
        ['memcached.cache.hits', 'Increment', 1],
        ['memcached.cache.misses', 'Increment', 1],
        ['memcached.cache.stored', 'Increment', 1],
        ['memcached.lock.acquired', 'Increment', 1],
        ['memcached.lock.released', 'Increment', 1],
        ['memcached.lock.wait_time', 'Statistics', 1],
    ]);
    expect(cache.getStats()).toMatchObject({ hits: 1, misses: 1, servers: [{ hits: 1, failed: 0 }] });
    expect(await lock.checkHealth('trace')).toMatchObject([{ reachable: true, casEnabled: true }]);
});

it('accepts the factory by its type', async () => {
    const container = await run('by-type.yml', []);
    const cache = container.find<MemcachedCache>('cache');
    await cache.store('trace', 'key', 1, 5000);
    expect((await readItem(server, 'by-type:key'))!.value).toBe('1');
});

it('runs the quick start of the README', async () => {
    const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
    const directory = mkdtempSync(join(tmpdir(), 'quick-start-'));
    const file = join(directory, 'config.yml');
    writeFileSync(file, /```yml\n([^]*?)```/.exec(readme)![1]!);
    const { host, port } = server;
    const container = await run(file, [], server, { MEMCACHED_SERVICE_HOST: host, MEMCACHED_SERVICE_PORT: port });
    rmSync(directory, { recursive: true });
    await expectWorking(container.find('cache'));
    expect(await readItem(server, 'my-service:cache:key')).not.toBeNull();
});

it('rejects an invalid option by name', async () => {
    await expect(run('bad-option.yml', [new DefaultMemcachedFactory()])).rejects.toMatchObject({
        code: 'REF_ERROR',
        cause: expect.stringContaining('invalid options.retries "-1": expected whole numbers from 0 to 100'),
    });
});

it('rejects with the trace id when memcached is unavailable', async () => {
    const away = await opener.server();
    await away.kill();
    await expect(run('direct.yml', [new DefaultMemcachedFactory()], away)).rejects.toMatchObject({
        code: 'CONNECT_FAILED',
        trace_id: 'trace',
    });
});

it('ends the process cleanly on an interrupt', async () => {
    const { code, stdout, stderr } = await runScript(`
        const { ProcessContainer } = require('pip-services3-container-nodex');
        const parameters = 'HOST=${server.host};PORT=${server.port}';
        new ProcessContainer('service').run(['-c', './test/build/config/probe.yml', '-p', parameters]);
    `);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('\n{"from":"probe"}\n');
    expect((await readItem(server, 'probe:key'))!.value).toBe('{"from":"probe"}');
});
