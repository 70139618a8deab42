const TTL_MS = 60_000;

export async function connect(port, { poolSize }) {
    const { MemcachedLock } = await import('../../dist/index.js').catch(error => {
        if (error.code === 'ERR_MODULE_NOT_FOUND') return {};
        throw error;
    });
    if (MemcachedLock === undefined) throw new Error('not built');
    const { ConfigParams } = await import('../../dist/framework.js');
    const lock = new MemcachedLock();
    const options = { pool_size: poolSize, request_timeout: 5000, connect_timeout: 5000, idle: 600_000 };
    const tuples = Object.entries(options).flatMap(([key, value]) => [`options.${key}`, value]);
    lock.configure(ConfigParams.fromTuples('connection.host', '127.0.0.1', 'connection.port', port, ...tuples));
    await lock.open(null);
    return {
        async lock(key) {
            const isAcquired = await lock.tryAcquireLock(null, key, TTL_MS);
            await lock.releaseLock(null, key);
            return isAcquired;
        },
        acquire: key => lock.tryAcquireLock(null, key, TTL_MS),
        release: key => lock.releaseLock(null, key),
        close: () => lock.close(null),
    };
}
