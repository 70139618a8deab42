// A repository that caches the values it loads, in TypeScript and without a container.
import { MemcachedCache, MemcachedLock } from 'pip-services4-memcached-node';
import { ConfigParams, Context, type ICache } from 'pip-services4-memcached-node/framework';

interface User {
    readonly id: number;
    readonly name: string;
}

/** A repository of users. It takes any ICache, for example a MemoryCache in its tests. */
class Users {
    loads = 0;

    constructor(private readonly cache: ICache) {}

    async find(context: Context, id: number): Promise<User> {
        const cached = (await this.cache.retrieve(context, `user-${id}`)) as User | null;
        if (cached !== null) return cached;
        const user = await this.load(id);
        await this.cache.store(context, `user-${id}`, user, 30_000);
        return user;
    }

    private load(id: number): Promise<User> {
        this.loads++;
        return Promise.resolve({ id, name: `user number ${id}` });
    }
}

async function main(): Promise<void> {
    const { MEMCACHED_SERVICE_HOST = 'localhost', MEMCACHED_SERVICE_PORT = '11211' } = process.env;
    const server = ['connection.host', MEMCACHED_SERVICE_HOST, 'connection.port', MEMCACHED_SERVICE_PORT];
    const context = Context.fromTraceId('example');
    const cache = new MemcachedCache();
    const lock = new MemcachedLock();
    cache.configure(ConfigParams.fromTuples(...server, 'options.prefix', 'example-users:'));
    lock.configure(ConfigParams.fromTuples(...server, 'options.prefix', 'example-users-lock:'));
    await cache.open(context);
    await lock.open(context);
    try {
        const users = new Users(cache);
        for (let i = 0; i < 3; i++) process.stdout.write(`${(await users.find(context, 42)).name}\n`);
        process.stdout.write(`loaded ${users.loads} time\n`);
        const answer = await lock.withLock(context, 'nightly-job', { ttl: 10_000 }, () => 'done');
        process.stdout.write(`${answer}\n`);
        await cache.remove(context, 'user-42');
    } finally {
        await lock.close(context);
        await cache.close(context);
    }
}

void main();
