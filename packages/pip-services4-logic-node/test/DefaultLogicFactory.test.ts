import { Descriptor } from 'pip-services4-components-node';
import { DefaultLogicFactory, MemoryCache, MemoryLock, NullCache, NullLock } from 'pip-services4-logic-node';

describe('DefaultLogicFactory', () => {
    it.each([
        ['pip-services:cache:memory:mine:1.0', MemoryCache],
        ['pip-services:cache:null:mine:1.0', NullCache],
        ['pip-services:lock:memory:mine:1.0', MemoryLock],
        ['pip-services:lock:null:mine:1.0', NullLock],
    ])('makes %s', (locator, type) => {
        expect(new DefaultLogicFactory().create(Descriptor.fromString(locator))).toBeInstanceOf(type);
    });

    it('makes no memcached components', () => {
        expect(
            new DefaultLogicFactory().create(Descriptor.fromString('pip-services:cache:memcached:*:1.0')),
        ).toBeNull();
    });
});
