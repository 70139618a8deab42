import { CompositeFactory, Descriptor, References } from 'pip-services4-components-node';
import {
    DefaultMemcachedFactory,
    MemcachedCache,
    MemcachedConnection,
    MemcachedLock,
} from 'pip-services4-memcached-node';

const factory = new DefaultMemcachedFactory();
const descriptor = (type: string, kind = 'memcached', version = '1.0') =>
    new Descriptor('pip-services', type, kind, 'mine', version);

it.each([
    ['cache', MemcachedCache],
    ['connection', MemcachedConnection],
    ['lock', MemcachedLock],
])('creates a new %s on each call', (type, component) => {
    expect(factory.canCreate(descriptor(type))).not.toBeNull();
    const made = factory.create(descriptor(type));
    expect(made).toBeInstanceOf(component);
    expect(factory.create(descriptor(type))).not.toBe(made);
});

it('creates no component of another type, kind, version or group', () => {
    for (const other of [
        descriptor('cache', 'memory'),
        descriptor('counters'),
        descriptor('cache', 'memcached', '2.0'),
        new Descriptor('others', 'cache', 'memcached', 'mine', '1.0'),
    ]) {
        expect(factory.canCreate(other)).toBeNull();
        expect(factory.create(other)).toBeNull();
    }
});

it('works inside a composite factory, and accepts references', () => {
    factory.setReferences(new References());
    expect(new CompositeFactory(factory).create(descriptor('cache'))).toBeInstanceOf(MemcachedCache);
});

it('creates components with the methods that a container calls', () => {
    for (const type of ['cache', 'connection', 'lock']) {
        const component = factory.create(descriptor(type)) as Record<string, unknown>;
        for (const method of ['configure', 'setReferences', 'unsetReferences', 'isOpen', 'open', 'close']) {
            expect(typeof component[method]).toBe('function');
        }
    }
});
