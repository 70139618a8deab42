/** Runs a client whose callback throws, and prints the outcomes of the calls around it. */
import { MemcachedClient } from 'pip-services4-memcached-node';
import { testProtocol } from '../support/protocol';

async function main(): Promise<void> {
    const client = new MemcachedClient([{ host: '127.0.0.1', port: Number(process.argv[2]) }], {
        protocol: testProtocol,
    });
    const thrown: string[] = [];
    process.on('uncaughtException', error => thrown.push(error.message));
    await client.open();
    await client.set('key', 'value');
    const before = client.get('key');
    client.get('key', () => {
        throw new Error('of the callback');
    });
    const after = client.get('key');
    const values = (await Promise.all([before, after])).map(({ value }) => value?.toString());
    await new Promise(setImmediate);
    process.stdout.write(JSON.stringify({ thrown, values, sockets: client.socketCount }));
    await client.close();
}

void main();
