import { Descriptor, Factory, type IReferenceable, type IReferences } from 'pip-services4-components-node';
import { MemcachedCache } from '../cache/MemcachedCache';
import { MemcachedConnection } from '../connect/MemcachedConnection';
import { MemcachedLock } from '../lock/MemcachedLock';

/**
 * Creates the components of this package by their descriptors:
 *
 * - `pip-services:connection:memcached:*:1.0` {@link MemcachedConnection}
 * - `pip-services:cache:memcached:*:1.0` {@link MemcachedCache}
 * - `pip-services:lock:memcached:*:1.0` {@link MemcachedLock}
 */
export class DefaultMemcachedFactory extends Factory implements IReferenceable {
    constructor() {
        super();
        this.registerAsType(new Descriptor('pip-services', 'connection', 'memcached', '*', '1.0'), MemcachedConnection);
        this.registerAsType(new Descriptor('pip-services', 'cache', 'memcached', '*', '1.0'), MemcachedCache);
        this.registerAsType(new Descriptor('pip-services', 'lock', 'memcached', '*', '1.0'), MemcachedLock);
    }

    /** Containers call it on everything that is listed by `type`; a factory needs nothing. */
    setReferences(_references: IReferences): void {}
}
