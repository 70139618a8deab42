import { Descriptor } from 'pip-services4-components-node';
import {
    DefaultConfigFactory,
    JsonConfigReader,
    MemoryConfigReader,
    MemoryCredentialStore,
    MemoryDiscovery,
    YamlConfigReader,
} from 'pip-services4-config-node';

describe('DefaultConfigFactory', () => {
    it.each([
        ['pip-services:discovery:memory:mine:1.0', MemoryDiscovery],
        ['pip-services:config-reader:memory:mine:1.0', MemoryConfigReader],
        ['pip-services:config-reader:json:mine:1.0', JsonConfigReader],
        ['pip-services:config-reader:yaml:mine:1.0', YamlConfigReader],
        ['pip-services:credential-store:memory:mine:1.0', MemoryCredentialStore],
    ])('makes %s', (locator, type) => {
        expect(new DefaultConfigFactory().create(Descriptor.fromString(locator))).toBeInstanceOf(type);
    });

    it('makes nothing of another group or version', () => {
        const factory = new DefaultConfigFactory();
        expect(factory.canCreate(Descriptor.fromString('mine:discovery:memory:*:1.0'))).toBeNull();
        expect(factory.canCreate(Descriptor.fromString('pip-services:discovery:memory:*:2.0'))).toBeNull();
    });
});
