import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { useOpener, useServer } from '../../support/Opener';
import { root } from '../../support/root';

const server = useServer();
const open = useOpener();

function start(env: Record<string, string> = {}): ChildProcess {
    const given = {
        MEMCACHED_URI: `memcached://${server.host}:${server.port}`,
        MEMCACHED_PROTOCOL: 'auto',
        DISCOVERY_INTERVAL: '30000',
        STAGE: 'test',
        SERVICE_NAME: 'one',
        HTTP_PORT: '',
    };
    const child = fork('examples/microservice/service.mjs', [], {
        cwd: root,
        env: { ...process.env, ...given, ...env },
        silent: true,
    });
    open.atEnd(() => kill(child));
    return child;
}

async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
}

async function urlOf(child: ChildProcess): Promise<string> {
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    return url;
}

async function get(url: string, init?: RequestInit) {
    const reply = await fetch(url, { ...init, headers: { connection: 'close' } });
    return { status: reply.status, cache: reply.headers.get('x-cache'), body: (await reply.json()) as object };
}

it('looks a product up once, and returns 404 for a missing product', async () => {
    const url = await urlOf(start());
    const product = { number: 42, name: 'wool shelf', price: 5.98 };
    expect(await get(`${url}/products/42`)).toEqual({ status: 200, cache: 'miss', body: product });
    expect(await get(`${url}/products/42`)).toEqual({ status: 200, cache: 'hit', body: product });
    const body = { code: 'NOT_FOUND', message: 'there is no product 0' };
    expect(await get(`${url}/products/0`)).toEqual({ status: 404, cache: 'miss', body });
    expect((await get(`${url}/stats`)).body).toMatchObject({ name: 'one', requests: 3, lookUps: 2 });
});

it('is slow but works while memcached is unavailable, even at its start', async () => {
    const away = await open.server();
    await away.kill();
    const url = await urlOf(start({ MEMCACHED_URI: `memcached://${away.host}:${away.port}` }));
    for (let time = 0; time < 2; time++) {
        expect(await get(`${url}/products/42`)).toMatchObject({ status: 200, cache: 'miss' });
    }
    expect(await get(`${url}/health`)).toMatchObject({ status: 200, body: { status: 'degraded' } });
    // Another process may be running the job.
    expect(await get(`${url}/jobs/nightly/today`, { method: 'POST' })).toMatchObject({ status: 500 });
});

it('runs a job once, however many times it is requested', async () => {
    const url = await urlOf(start());
    const runs = await Promise.all([1, 2, 3].map(() => get(`${url}/jobs/nightly/once`, { method: 'POST' })));
    runs.push(await get(`${url}/jobs/nightly/once`, { method: 'POST' }));
    const outcomes = runs.map(({ body }) => (body as { outcome: string }).outcome);
    expect(outcomes.sort()).toEqual(['done', 'ran', 'taken', 'taken']);
});

it.each(['SIGTERM', 'SIGINT'] as const)('exits with 0 on %s', async signal => {
    const child = start();
    await urlOf(child);
    const closed = once(child, 'close');
    child.kill(signal);
    expect(await closed).toEqual([0, null]);
});

it('exits with 0 when the process that forked it disconnects', async () => {
    const child = start();
    await urlOf(child);
    const exited = once(child, 'exit');
    child.disconnect();
    expect(await exited).toEqual([0, null]);
});

it('exits with 1 and the address when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const child = start({ HTTP_PORT: String(port) });
    const [said, [code]] = await Promise.all([text(child.stderr!), once(child, 'close')]);
    expect(code).toBe(1);
    expect(said).toContain(`address already in use 127.0.0.1:${port}`);
    other.close();
});
