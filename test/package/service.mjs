// A service that finds its components by descriptors, as the package test installs and bundles it.
// It ends by itself.
import assert from 'node:assert/strict';
import { DefaultMemcachedFactory } from 'pip-services4-memcached-node';
import { Closer, ConfigParams, Context, Descriptor, Opener, References } from 'pip-services4-memcached-node/framework';

const context = Context.fromTraceId('service');
const factory = new DefaultMemcachedFactory();
const references = new References();

/** @param {string} kind @param {object} config */
function add(kind, config) {
    const descriptor = new Descriptor('pip-services', kind, 'memcached', 'default', '1.0');
    const component = factory.create(descriptor);
    assert(component, `the factory does not know ${descriptor}`);
    component.configure(ConfigParams.fromValue(config));
    references.put(descriptor, component);
}

// The cache and the lock have no servers of their own, so they need the shared connection.
const { MEMCACHED_SERVICE_HOST: host, MEMCACHED_SERVICE_PORT: port } = process.env;
add('connection', { connection: { host, port } });
add('cache', { options: { prefix: `package-test-${process.pid}:` } });
add('lock', { options: { prefix: `package-test-${process.pid}:` } });

const components = references.getAll();
for (const component of components) component.setReferences?.(references);

async function serve() {
    await Opener.open(context, components);
    try {
        const cache = references.getOneRequired(new Descriptor('*', 'cache', '*', '*', '1.0'));
        const lock = references.getOneRequired(new Descriptor('*', 'lock', '*', '*', '1.0'));
        await cache.store(context, 'user-42', { name: 'Ann' }, 30_000);
        assert.deepEqual(await cache.retrieve(context, 'user-42'), { name: 'Ann' });
        assert.equal(await lock.tryAcquireLock(context, 'job', 30_000), true);
        await lock.releaseLock(context, 'job');
    } finally {
        await Closer.close(context, components.reverse());
    }
    console.log('served');
}

// esbuild bundles to CommonJS, which has no `await` at the top level.
void serve();
