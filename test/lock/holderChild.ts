/** Holds a lock until it loses it or is told to finish. Arguments: port, key, ttl. */
import { ConfigParams } from 'pip-services4-components-node';
import { MemcachedLock } from '../../src/lock/MemcachedLock';

async function main(): Promise<void> {
    const [port, key, ttl] = process.argv.slice(2) as [string, string, string];
    const lock = new MemcachedLock();
    lock.configure(ConfigParams.fromTuples('connection.host', '127.0.0.1', 'connection.port', port));
    await lock.open(null);
    await lock.withLock(null, key, { ttl: Number(ttl) }, async (signal, lease) => {
        process.send!({ event: 'working', isHeld: lease.isHeld() });
        await new Promise<void>(resolve => {
            process.once('message', () => resolve());
            signal.addEventListener('abort', () => {
                const { code } = signal.reason as { code: string };
                process.send!({ event: 'lost', code, isHeld: lease.isHeld() });
                resolve();
            });
        });
    });
    process.send!({ event: 'done' });
    await lock.close(null);
    process.disconnect();
}

void main();
