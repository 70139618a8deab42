import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { MemcachedProcess } from '../support/server/MemcachedProcess';

const PROCESSES = 4;
const CALLERS = 250;

interface Message {
    readonly event: 'ready' | 'loading' | 'answered';
    readonly right?: number;
}

let server: MemcachedProcess;
let children: ChildProcess[] = [];
/** In the order in which their loaders began. */
let loading: ChildProcess[];
let right: number;

beforeAll(async () => {
    server = await MemcachedProcess.start();
});

afterAll(() => server.end());

afterEach(async () => {
    for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'exit');
    }
});

/** Processes that are about to ask; resolves when all are ready. */
async function gather(key: string, ms: number): Promise<void> {
    loading = [];
    right = 0;
    let ready = 0;
    await new Promise<void>(resolve => {
        children = Array.from({ length: PROCESSES }, () => {
            const child = fork(join(__dirname, 'loaderChild.ts'), [server.port, key, CALLERS, ms].map(String), {
                execArgv: ['-r', join(__dirname, '../support/register.cjs')],
            });
            child.on('message', (message: Message) => {
                if (message.event === 'loading') loading.push(child);
                if (message.event === 'answered') right += message.right!;
                if (message.event === 'ready' && ++ready === PROCESSES) resolve();
            });
            return child;
        });
    });
}

const exits = () => Promise.all(children.map(child => once(child, 'exit')));

it('of 1,000 callers in 4 processes on a cold key is one call of the loader', async () => {
    await gather('cold', 300);
    const done = exits();
    for (const child of children) child.send('ask');
    await done;
    expect(right).toBe(PROCESSES * CALLERS);
    expect(loading).toHaveLength(1);
}, 60_000);

it('whose loader is killed half-way is two', async () => {
    await gather('killed', 300);
    const done = exits();
    for (const child of children) child.send('ask');
    while (loading.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
    await new Promise(resolve => setTimeout(resolve, 150));
    loading[0]!.kill('SIGKILL');
    await done;
    expect(right).toBe((PROCESSES - 1) * CALLERS);
    expect(loading).toHaveLength(2);
}, 60_000);

it.each(['kill', 'stop'] as const)(
    'while memcached is lost (%s) is one call in each process at most',
    async how => {
        await server.restart();
        await gather(how, 1000);
        const done = exits();
        for (const child of children) child.send('ask');
        while (loading.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
        await server[how]();
        await done;
        if (how === 'stop') server.continue();
        else await server.restart();
        expect(right).toBe(PROCESSES * CALLERS);
        expect(loading).toHaveLength(PROCESSES);
        expect(new Set(loading).size).toBe(PROCESSES);
    },
    60_000,
);
