export async function connect(port, { poolSize, protocol = 'binary', tls }) {
    const { MemcachedClient } = await import('../../dist/index.js').catch(error => {
        if (error.code === 'ERR_MODULE_NOT_FOUND') return {};
        throw error;
    });
    if (MemcachedClient === undefined) throw new Error('not built');
    const client = new MemcachedClient([tls ?? { host: '127.0.0.1', port }], {
        poolSize,
        protocol,
        requestTimeoutMs: 5000,
        connectTimeoutMs: 5000,
        idleMs: 600_000,
        maxValueBytes: 1 << 20,
    });
    await client.open();
    const options = { expires: 600 };
    return {
        encode: text => Buffer.from(text),
        get: key => client.get(key),
        value: result => result.value,
        set: (key, value) => client.set(key, value, options),
        isStored: result => result === true,
        getMany: keys => client.getMany(keys),
        item: ({ items }, key) => items.get(key)?.value,
        close: () => client.close(),
    };
}
