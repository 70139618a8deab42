/** Holds a lock until the lock is lost or a message arrives. Arguments: port, key, ttl. */
import { Opener } from '../support/Opener';

async function main(): Promise<void> {
    const [port, key, ttl] = process.argv.slice(2) as [string, string, string];
    const open = new Opener();
    const lock = await open.lock({ port: Number(port) });
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
    await open.end();
    process.disconnect();
}

void main();
