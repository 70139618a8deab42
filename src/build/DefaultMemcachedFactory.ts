import { Descriptor, Factory, type IReferenceable, type IReferences } from 'pip-services4-components-node';
import { MemcachedCache } from '../cache/MemcachedCache';
import { MemcachedConnection } from '../connect/MemcachedConnection';
import { MemcachedLock } from '../lock/MemcachedLock';

/**
 * The factory of the components of this package, by their descriptors:
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

    /** Does nothing. Containers call it on each component that they create by `type`. */
    setReferences(_references: IReferences): void {}
}
