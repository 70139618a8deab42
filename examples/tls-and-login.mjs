// TLS and a login (SASL PLAIN). memcached runs with -Z and -S. Against other servers each of
// them is an error, never ignored.
import { MemcachedCache } from 'pip-services4-memcached-node';
import { ConfigParams } from 'pip-services4-memcached-node/framework';

const { MEMCACHED_SERVICE_HOST = 'localhost', MEMCACHED_SERVICE_PORT = 11211 } = process.env;
const { MEMCACHED_CA_FILE, MEMCACHED_USERNAME, MEMCACHED_PASSWORD } = process.env;

function configured(password) {
    const cache = new MemcachedCache();
    cache.configure(
        ConfigParams.fromValue({
            // The certificate must be for this host.
            connection: { protocol: 'tls', host: MEMCACHED_SERVICE_HOST, port: MEMCACHED_SERVICE_PORT },
            // Without a file, the authorities that Node trusts apply.
            credential: { ssl_ca_file: MEMCACHED_CA_FILE, username: MEMCACHED_USERNAME, password },
            options: { prefix: 'example-tls:' },
        }),
    );
    return cache;
}

const cache = configured(MEMCACHED_PASSWORD);
await cache.open('example');
await cache.store('example', 'key', 'over TLS, logged in', 30_000);
console.log(await cache.retrieve('example', 'key'));
await cache.close('example');

// A wrong password is an error at once. A retry would not help.
await configured('wrong')
    .open('example')
    .catch(error => console.log(error.code));
