/**
 * A process that uses a client and closes it. It has to end by itself after that: it never calls `process.exit`, and an
 * exception or a rejection that nobody handles ends it with a code that is not 0.
 *
 * Arguments: port, story. It reports each step over IPC, and waits for an answer where the story needs a break.
 */
import { once } from 'node:events';

import { MemcachedClient } from 'pip-services4-memcached-node';

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
    });
    await tell(story as Story, client);
    await client.close();
    report('closed');
    process.disconnect();
}

void main();
