import { request } from 'node:http';
import { sleep } from '../../support/sleep';
import { DemoProcess, isAlive } from './DemoProcess';

let demo: DemoProcess;
let url: string;

beforeAll(async () => {
    demo = new DemoProcess(['--serve', '--port', '0']);
    url = await demo.url();
}, 90_000);

afterAll(async () => {
    demo.signalAll('SIGTERM');
    await demo.outcome;
});

interface Reply {
    status: number;
    type: string | undefined;
    text: string;
}

/**
 * Sends a request to the server. The function does not use `fetch`, which allows no Host or Origin
 * header.
 */
function call(method: string, path: string, headers: Record<string, string> = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
        const sent = request(url + path, { method, headers, agent: false }, response => {
            let text = '';
            response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
            response.once('end', () => {
                resolve({ status: response.statusCode!, type: response.headers['content-type'], text });
            });
        });
        sent.once('error', reject).end();
    });
}

interface Server {
    name: string;
    address: string;
    version: string;
    pid: number | null;
    isUp: boolean;
    seenBy: { name: string; address: string; protocol: string; isUp: boolean; sockets: number }[];
}

interface Sample {
    hitRate: number | null;
    p50: number | null;
    p99: number | null;
}

interface State {
    now: Sample;
    samples: Sample[];
    traffic: { requests: number; answered: number; failed: number; problem: string };
    uri: string;
    work: string;
    memcacheds: Server[];
    events: { kind: string; server?: string }[];
    instances: { name: string }[];
}

const readState = async () => JSON.parse((await call('GET', '/state')).text) as State;
const areUp = ({ memcacheds }: State) => memcacheds.every(({ isUp }) => isUp);
const areDown = ({ memcacheds }: State) => memcacheds.every(({ isUp }) => !isUp);

async function untilState(isTrue: (state: State) => boolean): Promise<State> {
    for (;;) {
        const state = await readState();
        if (isTrue(state)) return state;
        await sleep(50);
    }
}

it('serves the page, which loads nothing from other hosts', async () => {
    const { status, type, text } = await call('GET', '/');
    expect({ status, type }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
    expect(text).toContain('<title>A service on memcached, live</title>');
    const links = [...text.matchAll(/(?:src|href)\s*=\s*"(?!data:)([^"]*)"/g)].map(([, link]) => link!);
    expect(links).toEqual(['style.css', 'main.mjs']);
    const loaded = new Set(links);
    for (const link of loaded) {
        const file = await call('GET', `/${link}`);
        expect([link, file.status, file.type]).toEqual([link, 200, expect.stringMatching(/^text\/(css|javascript);/)]);
        expect(file.text.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/url\(|@import|https?:\/\//);
        for (const [, module] of file.text.matchAll(/from '\.\/([^']+)'/g)) loaded.add(module!);
    }
    expect(loaded.size).toBeGreaterThan(10);
});

it.each(['/LiveServer.mjs', '/../LiveServer.mjs', '/%2e%2e/LiveServer.mjs', '//style.css', '/page/'])(
    'serves no file at %s',
    async path => {
        expect((await call('GET', path)).status).toBe(404);
    },
);

it('serves the data of the page', async () => {
    const state = await untilState(({ now, traffic }) => now.p50 !== null && traffic.answered > 20);
    expect(state.traffic).toMatchObject({ failed: 0, problem: '' });
    expect(state.now.hitRate).toBeGreaterThan(0.5);
    expect(state.now.p99).toBeGreaterThanOrEqual(state.now.p50!);
    expect(state.samples.at(-1)).toEqual(state.now);
    expect(state.uri).toBe('memcached+srv://cache.test');
    expect(state.memcacheds.map(({ name }) => name)).toEqual(['memcached-0', 'memcached-1', 'memcached-2']);
    for (const { address, pid, isUp, version, seenBy } of state.memcacheds) {
        expect({ pid, isUp, version }).toEqual({ pid: expect.any(Number), isUp: true, version: expect.any(String) });
        expect(seenBy).toMatchObject([
            { name: 'products-a', address, protocol: 'binary', version, isUp: true, sockets: expect.any(Number) },
            { name: 'products-b', address, protocol: 'meta', version, isUp: true, sockets: expect.any(Number) },
        ]);
    }
    expect(state.instances.map(({ name }) => name)).toEqual(['products-a', 'products-b']);
});

it('answers the curl commands that it prints', async () => {
    const lines = [...demo.stdout.matchAll(/curl (-X POST -H 'x-demo: 1' )?(http:\S+)/g)];
    expect(lines).toHaveLength(9);
    for (const [, post, address] of lines) {
        const headers: Record<string, string> = post ? { 'x-demo': '1' } : {};
        const reply = await fetch(address!, { method: post ? 'POST' : 'GET', headers });
        expect([address, reply.status]).toEqual([address, 200]);
        expect(await reply.json()).toEqual(expect.any(Object));
    }
    await untilState(areUp);
});

it('shows a killed server as down, and as up after its start', async () => {
    const before = (await readState()).memcacheds[0]!;
    expect((await call('POST', '/memcached/0/kill', { 'x-demo': '1' })).status).toBe(200);
    expect(isAlive(before.pid!)).toBe(false);
    const down = await untilState(({ memcacheds }) => !memcacheds[0]!.isUp);
    expect(down.memcacheds[0]).toMatchObject({ address: before.address, pid: null });
    expect(down.memcacheds[1]!.isUp).toBe(true);
    expect((await call('POST', '/memcached/0/restart', { 'x-demo': '1' })).status).toBe(200);
    const up = await untilState(({ memcacheds }) => memcacheds[0]!.isUp);
    expect(up.memcacheds[0]!.address).toBe(before.address);
    expect(up.memcacheds[0]!.pid).not.toBe(before.pid);
    expect(up.traffic).toMatchObject({ failed: 0, problem: '' });
});

it('is slow but fails no request when all servers are killed', async () => {
    for (const index of [0, 1, 2]) await call('POST', `/memcached/${index}/kill`, { 'x-demo': '1' });
    const { traffic } = await untilState(areDown);
    const after = await untilState(state => state.traffic.answered > traffic.answered + 100);
    expect(after.traffic).toMatchObject({ failed: 0, problem: '' });
    for (const index of [0, 1, 2]) await call('POST', `/memcached/${index}/restart`, { 'x-demo': '1' });
    await untilState(areUp);
});

const act = (path: string) => call('POST', path, { 'x-demo': '1' });
const messageOf = ({ status, text }: Reply) => [status, (JSON.parse(text) as { message: string }).message];

it('restarts all servers in turn, and fails no request', async () => {
    const before = await readState();
    const { status, text } = await act('/rolling-restart');
    expect(status).toBe(200);
    const { phases } = JSON.parse(text) as { phases: { name: string; failed: number; misses: number }[] };
    const restarts = ['memcached-0 restarts', 'memcached-1 restarts', 'memcached-2 restarts'];
    expect(phases.map(({ name }) => name)).toEqual(['before', ...restarts, 'afterwards']);
    for (const { failed } of phases) expect(failed).toBe(0);
    for (const { misses } of phases.slice(1, -1)) expect(misses).toBeGreaterThan(0);
    const after = await readState();
    const pidsOf = ({ memcacheds }: State) => memcacheds.map(({ pid }) => pid);
    for (const pid of pidsOf(before)) expect(pidsOf(after)).not.toContain(pid);
    expect(after.traffic).toMatchObject({ failed: 0, problem: '' });
});

it('does one change of several servers at a time, and no other change meanwhile', async () => {
    const growing = act('/fleet/grow');
    await untilState(({ work }) => work !== '');
    for (const path of ['/rolling-restart', '/fleet/shrink', '/memcached/0/kill', '/memcached/0/restart']) {
        expect(messageOf(await act(path))).toEqual([409, expect.stringContaining('wait for the start of a fourth')]);
    }
    expect((await growing).status).toBe(200);
    expect(messageOf(await act('/fleet/grow'))).toEqual([409, 'there are 4 servers']);
    const [, , , fourth] = (await readState()).memcacheds;
    expect((await act('/fleet/shrink')).status).toBe(200);
    expect(isAlive(fourth!.pid!)).toBe(false);
    const { memcacheds, traffic } = await readState();
    expect(memcacheds.map(({ name }) => name)).toEqual(['memcached-0', 'memcached-1', 'memcached-2']);
    expect(traffic).toMatchObject({ failed: 0, problem: '' });
});

it('begins no change of several servers while one is down', async () => {
    await act('/memcached/1/kill');
    for (const path of ['/rolling-restart', '/fleet/grow']) {
        expect(messageOf(await act(path))).toEqual([409, 'start memcached-1 first']);
    }
    await act('/memcached/1/restart');
    const { memcacheds } = await untilState(areUp);
    // Users may kill a server in their own way.
    process.kill(memcacheds[1]!.pid!, 'SIGKILL');
    await untilState(state => !state.memcacheds[1]!.isUp);
    expect(messageOf(await act('/rolling-restart'))).toEqual([409, 'wait until all servers are up']);
    await act('/memcached/1/restart');
    await untilState(areUp);
});

it('calls the loader once in a stampede, and allows one stampede at a time', async () => {
    const replies = await Promise.all([1, 2].map(() => call('POST', '/stampede', { 'x-demo': '1' })));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
    const result = JSON.parse(replies.find(({ status }) => status === 200)!.text);
    expect(result).toMatchObject({ calls: 1000, failed: 0, lookUps: 1 });
});

describe('a request that ends a process', () => {
    const port = () => new URL(url).port;
    it.each([
        ['without the header', () => ({})],
        ['from another origin', () => ({ 'x-demo': '1', origin: 'http://elsewhere.example' })],
        ['from another port', () => ({ 'x-demo': '1', origin: `http://127.0.0.1:${Number(port()) - 1}` })],
        ['from a file', () => ({ 'x-demo': '1', origin: 'null' })],
        ['under another name', () => ({ 'x-demo': '1', host: `elsewhere.example:${port()}` })],
    ] as [string, () => Record<string, string>][])('is rejected %s', async (_, headers) => {
        const pids = async () => (await readState()).memcacheds.map(({ pid }) => pid);
        const before = await pids();
        const { status } = await call('POST', '/memcached/0/kill', headers());
        expect(status).toBe(403);
        expect(await pids()).toEqual(before);
    });

    it('is accepted from the page of the demo', async () => {
        const headers = { 'x-demo': '1', origin: url };
        expect((await call('POST', '/memcached/0/restart', headers)).status).toBe(200);
    });

    it('is rejected under another host name, like reads and preflights', async () => {
        expect((await call('GET', '/state', { host: `elsewhere.example:${port()}` })).status).toBe(403);
        expect((await call('OPTIONS', '/memcached/0/kill', { origin: 'http://elsewhere.example' })).status).toBe(403);
    });
});

it.each([
    ['GET', '/elsewhere', 404],
    ['POST', '/memcached/7/kill', 404],
    ['GET', '/memcached/0/kill', 404],
    ['GET', '/products/0', 404],
    ['GET', '/products/x', 404],
])('answers %s %s with %d', async (method, path, expected) => {
    const { status, text } = await call(method, path, { 'x-demo': '1' });
    expect(status).toBe(expected);
    expect(JSON.parse(text)).toHaveProperty('message');
});

it('exits and leaves no process behind on SIGTERM', async () => {
    const pids = (await readState()).memcacheds.map(({ pid }) => pid);
    demo.signalAll('SIGTERM');
    await demo.outcome;
    expect([...demo.toldPids, ...pids].filter(pid => isAlive(pid!))).toEqual([]);
    expect(demo.stderr).not.toMatch(/failed|Error/);
});
