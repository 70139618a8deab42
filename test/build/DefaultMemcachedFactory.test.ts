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
])('creates a new %s each time', (type, component) => {
    expect(factory.canCreate(descriptor(type))).not.toBeNull();
    const made = factory.create(descriptor(type));
    expect(made).toBeInstanceOf(component);
    expect(factory.create(descriptor(type))).not.toBe(made);
});

it('creates nothing else', () => {
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

it('works among other factories, and accepts references from a container that lists it by type', () => {
    factory.setReferences(new References());
    expect(new CompositeFactory(factory).create(descriptor('cache'))).toBeInstanceOf(MemcachedCache);
});

it('creates components that a container can handle', () => {
    for (const type of ['cache', 'connection', 'lock']) {
        const component = factory.create(descriptor(type)) as Record<string, unknown>;
        for (const method of ['configure', 'setReferences', 'unsetReferences', 'isOpen', 'open', 'close']) {
            expect(typeof component[method]).toBe('function');
        }
    }
});
