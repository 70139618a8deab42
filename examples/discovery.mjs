// Discovery. The service knows a name, and a registry returns the servers behind it. A credential
// store holds the password.
import { DefaultMemcachedFactory } from 'pip-services4-memcached-node';
import {
    ConfigParams,
    Descriptor,
    MemoryCredentialStore,
    MemoryDiscovery,
    References,
} from 'pip-services4-memcached-node/framework';

const { MEMCACHED_SERVICE_HOST = 'localhost', MEMCACHED_SERVICE_PORT = 11211 } = process.env;

// In a service this is Consul, etcd or a file. Any component with the descriptor *:discovery:*:*:*
// and IDiscovery's methods works.
const discovery = new MemoryDiscovery(
    ConfigParams.fromValue({ sessions: { host: MEMCACHED_SERVICE_HOST, port: MEMCACHED_SERVICE_PORT } }),
);
const { MEMCACHED_USERNAME: username, MEMCACHED_PASSWORD: password } = process.env;
const credentials = new MemoryCredentialStore(ConfigParams.fromValue({ sessions: { username, password } }));

// The factory makes components by their descriptors, as a container does for the components in its
// YAML.
const locator = new Descriptor('pip-services', 'cache', 'memcached', 'default', '1.0');
const cache = new DefaultMemcachedFactory().create(locator);
cache.configure(
    ConfigParams.fromValue({
        connection: { discovery_key: 'sessions' },
        credential: username ? { store_key: 'sessions' } : undefined,
        options: { prefix: 'example-discovery:' },
    }),
);
const references = new References();
references.put(new Descriptor('my-service', 'discovery', 'memory', 'default', '1.0'), discovery);
references.put(new Descriptor('my-service', 'credential-store', 'memory', 'default', '1.0'), credentials);
cache.setReferences(references);
await cache.open('example');
await cache.store('example', 'key', 'from a server that was looked up', 30_000);
console.log(await cache.retrieve('example', 'key'));
await cache.close('example');

// A discovery key without servers is an error. Otherwise keys would silently move to other servers.
cache.configure(ConfigParams.fromValue({ connection: { discovery_key: 'nowhere' } }));
await cache.open('example').catch(error => console.log(error.code));
