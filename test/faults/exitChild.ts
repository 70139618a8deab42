/**
 * Uses a client and closes it. The process must then exit by itself, without `process.exit`.
 * An unhandled exception or rejection makes the exit code nonzero.
 *
 * Arguments: port, story. The process reports each step over IPC. If the story needs a break, the
 * process waits for an answer.
 */
import { once } from 'node:events';

import { MemcachedClient } from 'pip-services4-memcached-node';
import { testProtocol } from '../support/protocol';

export type Story = 'idle' | 'calls in flight' | 'server breaks' | 'opening' | 'nobody there';
export type Step = 'broken?' | 'closed';

async function tell(story: Story, client: MemcachedClient): Promise<void> {
    if (story === 'nobody there') {
        await client.open().catch(() => {});
        return;
    }
    if (story === 'opening') {
        client.open().catch(() => {});
        return;
    }
    await client.open();
    await client.set('key', 'value');
    if (story === 'server breaks') await parentHasBrokenIt();
    if (story === 'idle') return;
    for (let i = 0; i < 200; i++) client.get('key').catch(() => {});
}

async function parentHasBrokenIt(): Promise<void> {
    report('broken?');
    await once(process, 'message');
}

function report(step: Step): void {
    process.send?.(step);
}

async function main(): Promise<void> {
    const [port, story] = process.argv.slice(2);
    const client = new MemcachedClient([{ host: '127.0.0.1', port: Number(port) }], {
        requestTimeoutMs: 300,
        connectTimeoutMs: 300,
        retryMs: 60_000,
        reconnectMs: 60_000,
        idleMs: 60_000,
        protocol: testProtocol,
    });
    await tell(story as Story, client);
    await client.close();
    report('closed');
    process.disconnect();
}

void main();
