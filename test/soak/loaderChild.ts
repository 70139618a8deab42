/**
 * Loads one key many times at once on a message. Arguments: port, key, callers, loader time in ms.
 */
import { MemcachedCache } from 'pip-services4-memcached-node';
import { configOf } from '../support/settings';
import { sleep } from '../support/sleep';

async function main(): Promise<void> {
    const [port, key, callers, ms] = process.argv.slice(2) as [string, string, string, string];
    const cache = new MemcachedCache();
    cache.configure(configOf({ port: Number(port) }));
    await cache.open(null);
    const load = async (): Promise<string> => {
        process.send!({ event: 'loading' });
        await sleep(Number(ms));
        return 'value';
    };
    process.once('message', () => {
        const asked = Array.from({ length: Number(callers) }, () => cache.retrieveOrLoad(null, key, 60_000, load));
        void Promise.allSettled(asked).then(async answers => {
            const right = answers.filter(one => one.status === 'fulfilled' && one.value === 'value').length;
            await cache.close(null);
            process.send!({ event: 'answered', right });
            process.disconnect();
        });
    });
    process.send!({ event: 'ready' });
}

void main();
