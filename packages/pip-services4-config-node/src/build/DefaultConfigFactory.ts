import { Descriptor, Factory } from 'pip-services4-components-node';
import { MemoryCredentialStore } from '../auth/MemoryCredentialStore';
import { JsonConfigReader } from '../config/JsonConfigReader';
import { MemoryConfigReader } from '../config/MemoryConfigReader';
import { YamlConfigReader } from '../config/YamlConfigReader';
import { MemoryDiscovery } from '../connect/MemoryDiscovery';

/** The factory of the config readers, credential stores and discoveries. */
export class DefaultConfigFactory extends Factory {
    public constructor() {
        super();
        const descriptor = (type: string, kind: string) => new Descriptor('pip-services', type, kind, '*', '1.0');
        this.registerAsType(descriptor('discovery', 'memory'), MemoryDiscovery);
        this.registerAsType(descriptor('config-reader', 'memory'), MemoryConfigReader);
        this.registerAsType(descriptor('config-reader', 'json'), JsonConfigReader);
        this.registerAsType(descriptor('config-reader', 'yaml'), YamlConfigReader);
        this.registerAsType(descriptor('credential-store', 'memory'), MemoryCredentialStore);
    }
}
