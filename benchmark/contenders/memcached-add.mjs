import Memcached from 'memcached';

const TTL_SECONDS = 60;

/** Opens a lock like that of the old component, which adds a constant and deletes it. */
export async function connect(port) {
    const client = new Memcached(`127.0.0.1:${port}`, {
        poolSize: 1,
        timeout: 5000,
        idle: 600_000,
        retries: 1,
        minTimeout: 20,
        maxTimeout: 200,
    });
    const acquire = key =>
        new Promise((resolve, reject) =>
            client.add(key, 'lock', TTL_SECONDS, (error, result) => {
                if (error && error.message !== 'Item is not stored') reject(error);
                else resolve(result === true);
            }),
        );
    const release = key =>
        new Promise((resolve, reject) => client.del(key, (error, result) => (error ? reject(error) : resolve(result))));
    return {
        async lock(key) {
            const isAcquired = await acquire(key);
            const isReleased = await release(key);
            return isAcquired && isReleased;
        },
        acquire,
        release,
        close: () => client.end(),
    };
}
