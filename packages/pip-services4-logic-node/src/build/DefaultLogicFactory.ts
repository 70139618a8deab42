import { Descriptor, Factory } from 'pip-services4-components-node';
import { MemoryCache } from '../cache/MemoryCache';
import { NullCache } from '../cache/NullCache';
import { MemoryLock } from '../lock/MemoryLock';
import { NullLock } from '../lock/NullLock';

/** The factory of the caches and locks in memory. */
export class DefaultLogicFactory extends Factory {
    public constructor() {
        super();
        const descriptor = (type: string, kind: string) => new Descriptor('pip-services', type, kind, '*', '1.0');
        this.registerAsType(descriptor('cache', 'memory'), MemoryCache);
        this.registerAsType(descriptor('cache', 'null'), NullCache);
        this.registerAsType(descriptor('lock', 'memory'), MemoryLock);
        this.registerAsType(descriptor('lock', 'null'), NullLock);
    }
}
