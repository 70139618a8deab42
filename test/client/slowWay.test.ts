import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { answer, ScriptedServer } from '../support/server/ScriptedServer';

const REQUEST_TIMEOUT_MS = 600;
const WAY_MS = 0.45 * REQUEST_TIMEOUT_MS;

const open = useOpener();
let server: ScriptedServer;

beforeEach(async () => {
    server = await ScriptedServer.start();
    open.atEnd(() => server.end());
});

/** Starts 40 calls every 20 ms for this long, and returns their outcomes. */
async function load(call: () => Promise<unknown>, forMs: number): Promise<string[]> {
    const calls: Promise<string>[] = [];
    for (const begun = performance.now(); performance.now() < begun + forMs; await sleep(20)) {
        for (let i = 0; i < 40; i++) calls.push(codeOf(call()));
    }
    return Promise.all(calls);
}

const answeredOf = (codes: string[]): number => codes.filter(code => code.startsWith('answered')).length / codes.length;

describe('a network delay near `request_timeout`', () => {
    it('does not look like an overloaded server', async () => {
        const client = await open.client(server, { requestTimeoutMs: REQUEST_TIMEOUT_MS });
        server.script = (request, socket) => setTimeout(() => answer(request, socket), WAY_MS);
        const codes = await load(() => client.touch('key', 0), 3 * REQUEST_TIMEOUT_MS);
        expect(answeredOf(codes)).toBeGreaterThan(0.8);
    });

    it('does not hold back calls forever after a pause of the server', async () => {
        const client = await open.client(server, { requestTimeoutMs: REQUEST_TIMEOUT_MS, poolSize: 1 });
        let delayMs = WAY_MS / 2;
        let free = Promise.resolve();
        server.script = (request, socket) => {
            const answered = sleep(delayMs);
            free = free.then(() => answered).then(() => void answer(request, socket));
        };
        const touch = () => client.touch('key', 0);
        await load(touch, REQUEST_TIMEOUT_MS);
        delayMs = 0.7 * REQUEST_TIMEOUT_MS;
        await load(touch, REQUEST_TIMEOUT_MS / 2);
        delayMs = WAY_MS / 2;
        await load(touch, 2 * REQUEST_TIMEOUT_MS);
        expect(answeredOf(await load(touch, 2 * REQUEST_TIMEOUT_MS))).toBeGreaterThan(0.8);
    });
});

describe('a process that is busy most of the time', () => {
    const memcached = useServer();

    it('gets answers to most of its calls', async () => {
        const client = await open.client(memcached, { requestTimeoutMs: 400 });
        const calls: Promise<string>[] = [];
        for (let turn = 0; turn < 20; turn++) {
            for (let i = 0; i < 200; i++) calls.push(codeOf(client.touch('key', 0)));
            await sleep(0);
            for (const until = performance.now() + 180; performance.now() < until;);
        }
        expect(answeredOf(await Promise.all(calls))).toBeGreaterThan(0.8);
    });
});
