/** Asks for one key many times at once when it is told to. Arguments: port, key, callers, ms that its loader takes. */
import { ConfigParams } from 'pip-services4-components-node';
import { MemcachedCache } from '../../src/cache/MemcachedCache';

async function main(): Promise<void> {
    const [port, key, callers, ms] = process.argv.slice(2) as [string, string, string, string];
    const cache = new MemcachedCache();
    cache.configure(ConfigParams.fromTuples('connection.host', '127.0.0.1', 'connection.port', port));
    await cache.open(null);
    const load = async (): Promise<string> => {
        process.send!({ event: 'loading' });
        await new Promise(resolve => setTimeout(resolve, Number(ms)));
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
