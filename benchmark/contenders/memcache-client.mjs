import { createRequire } from 'node:module';

const { MemcacheClient } = createRequire(import.meta.url)('memcache-client');

// Without TCP_NODELAY the kernel delays small requests while a reply is outstanding.
// `calibrate.mjs` measures both settings.
export const variants = [
    { maxConnections: 1, noDelay: false, values: 'buffer' },
    { maxConnections: 1, noDelay: true, values: 'buffer' },
    { maxConnections: 1, noDelay: false, values: 'string' },
    { maxConnections: 2, noDelay: false, values: 'buffer' },
    { maxConnections: 5, noDelay: false, values: 'buffer' },
    { maxConnections: 10, noDelay: false, values: 'buffer' },
];
/** Returns more sockets only for large values, because more sockets slow small values down. */
export const settingFor = ({ verb, valueBytes }) =>
    verb === 'getMany' || verb === 'interference' || valueBytes > 100 * 1024 ? variants[4] : variants[0];

export async function connect(port, { maxConnections, noDelay, values }) {
    const client = new MemcacheClient({
        server: { server: `127.0.0.1:${port}`, maxConnections },
        cmdTimeout: 5000,
        noDelay,
        lifetime: 600,
    });
    await client.get('bench:first');
    return {
        encode: text => (values === 'buffer' ? Buffer.from(text) : text),
        get: key => client.get(key),
        value: result => result?.value,
        set: (key, value) => client.set(key, value),
        isStored: result => result[0] === 'STORED',
        getMany: keys => client.get(keys),
        item: (result, key) => result[key]?.value,
        close: () => client.shutdown(),
    };
}
