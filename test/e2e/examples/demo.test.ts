import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { useServer } from '../../support/Opener';
import { SideBySide } from '../../support/sideBySide';
import { sleep } from '../../support/sleep';
import { DemoProcess, isAlive, parentOf } from './DemoProcess';

/** The long tests, which run concurrently, each with its own demo. */
const sideBySide = new SideBySide();
const given = useServer();
const binaryOnly = useServer({ args: ['-B', 'binary'] });

const envOf = ({ host, port }: { host: string; port: number }) => ({
    MEMCACHED_SERVICE_HOST: host,
    MEMCACHED_SERVICE_PORT: String(port),
});

const scenes = [
    'The first call is slow, the others are fast',
    '1,000 concurrent cold calls are one look-up',
    'Two instances start the nightly job, and one runs it',
    'Three memcacheds restart in turn, and every request gets its answer',
    'A fourth memcached joins and leaves, and only its share of the keys moves',
];

it(
    'runs its scenes, exits with 0, and leaves no process behind',
    sideBySide.add(async () => {
        const demo = new DemoProcess();
        const { code, stdout, stderr } = await demo.outcome;
        expect({ code, problems: stdout.match(/✗.*/g), stderr }).toEqual({
            code: 0,
            problems: null,
            stderr: expect.not.stringMatching(/failed|Error/),
        });
        for (const [index, scene] of scenes.entries()) expect(stdout).toContain(`\n${index + 1}  ${scene}\n`);
        expect(stdout.match(/✓/g)).toHaveLength(5);
        expect(stdout).toMatch(/products-a .* speaks binary .*\n +products-b .* speaks meta /);
        expect(stdout.match(/memcached-\d\.cache\.test:\d+ +version \d+\.\d+/g)).toHaveLength(3);
        expect(stdout).toContain('find the servers by memcached+srv://cache.test');
        expect(stdout).toMatch(/look-ups in the catalogue, both instances together +1\n/);
        const restarts = [...stdout.matchAll(/memcached-(\d) restarts +\d+ +(\d+) +(\d+) /g)];
        expect(restarts.map(([, index, failed]) => [index, failed])).toEqual([['0', '0'], ['1', '0'], ['2', '0']]); // prettier-ignore
        for (const [, , , misses] of restarts) expect(Number(misses)).toBeGreaterThan(0);
        const [to, back] = [/moved to it +(\d+) %/, /moved back +(\d+) %/].map(words => Number(words.exec(stdout)![1]));
        expect(to).toBe(back);
        expect(stdout).toMatch(/none of \d+ requests failed meanwhile/);
        expect(Number(/Every claim held, in ([\d.]+) s/.exec(stdout)![1])).toBeLessThan(60);
        // The demo prints the pids of two instances and three servers.
        expect(demo.toldPids).toHaveLength(5);
        expect(demo.toldPids.filter(isAlive)).toEqual([]);
    }),
);

it(
    'does not kill a memcached of its environment',
    sideBySide.add(async () => {
        // The values of the first run must not affect the second run.
        for (let run = 0; run < 2; run++) {
            const { code, stdout } = await new DemoProcess([], envOf(given)).outcome;
            expect({ code, problems: stdout.match(/✗.*/g) }).toEqual({ code: 0, problems: null });
            expect(stdout).toContain(
                `Skipped: the rolling restart and the fourth server.\n   ${given.host}:${given.port} is your server`,
            );
            expect(stdout).toMatch(/speaks binary[^]*speaks meta/);
            expect(stdout.match(/✓/g)).toHaveLength(3);
        }
        expect(isAlive(given.pid!)).toBe(true);
    }),
);

it('changes no memcached of its environment on request', async () => {
    const demo = new DemoProcess(['--serve', '--port', '0'], envOf(given));
    const url = await demo.url();
    for (const path of ['memcached/0/kill', 'memcached/0/restart', 'rolling-restart', 'fleet/grow', 'fleet/shrink']) {
        const reply = await fetch(`${url}/${path}`, { method: 'POST', headers: { 'x-demo': '1' } });
        const message = `${given.host}:${given.port} is your server, which the demo does not change`;
        expect([path, reply.status, await reply.json()]).toEqual([path, 404, { message }]);
    }
    const state = (await (await fetch(`${url}/state`)).json()) as object;
    expect(state).toMatchObject({ canChange: false, advice: expect.stringContaining('MEMCACHED_SERVICE_HOST') });
    demo.signalAll('SIGTERM');
    await demo.outcome;
    expect(isAlive(given.pid!)).toBe(true);
});

it(
    'uses one protocol when the server speaks one',
    sideBySide.add(async () => {
        const { code, stdout } = await new DemoProcess([], envOf(binaryOnly)).outcome;
        expect(code).toBe(0);
        expect(stdout).toMatch(/products-a .* speaks binary .*\n +products-b .* speaks binary /);
        expect(stdout).toContain('hits: the instances share the cache');
    }),
);

it(
    'uses the protocol of its argument',
    sideBySide.add(async () => {
        const { code, stdout } = await new DemoProcess(['--protocol', 'meta'], envOf(given)).outcome;
        expect(code).toBe(0);
        expect(stdout).toMatch(/products-a .* speaks meta .*\n +products-b .* speaks meta /);
    }),
);

it('exits with 1 and the reason when the server does not speak the protocol of its argument', async () => {
    const { code, stdout, stderr } = await new DemoProcess(['--protocol', 'meta'], envOf(binaryOnly)).outcome;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('The demo failed: the server cannot be used over meta: ');
});

it('exits with 1 and the output of the instance when an instance crashes', async () => {
    const demo = new DemoProcess();
    const [, pid] = await demo.says(/products-a .* pid (\d+)/);
    await demo.says(/\n1 {2}/);
    process.kill(Number(pid), 'SIGKILL');
    const { code, stderr } = await demo.outcome;
    expect(code).toBe(1);
    expect(stderr).toMatch(/The demo failed: products-a has ended unexpectedly \(SIGKILL\)\. It said:\n.*listens at/s);
    expect(demo.toldPids.filter(isAlive)).toEqual([]);
});

const signals = [
    ['Ctrl-C', 'signalAll', 'SIGINT', /\n2 {2}/],
    ['Ctrl-C in the middle of the restarts', 'signalAll', 'SIGINT', /memcached-0 restarts/],
    ['Ctrl-C at once', 'signalAll', 'SIGINT', /^A small/],
    ['Ctrl-C while a fourth server runs', 'signalAll', 'SIGINT', /memcached-3 joins/],
    ['SIGTERM to npm', 'signal', 'SIGTERM', /\n2 {2}/],
    ['SIGKILL to npm', 'signal', 'SIGKILL', /\n2 {2}/],
] as const;

for (const [how, to, signal, when] of signals) {
    it(
        `leaves no process behind and prints no error on ${how}`,
        sideBySide.add(async () => {
            const demo = new DemoProcess();
            await demo.says(when);
            const pids = [...demo.toldPids];
            demo[to](signal);
            const { code, stdout, stderr } = await demo.outcome;
            expect(code).not.toBe(0);
            expect(`${stdout}${stderr}`).not.toMatch(/✗|failed:|Error/);
            expect(pids.filter(isAlive)).toEqual([]);
        }),
    );
}

it('leaves no process behind and prints no error when the reader of its output ends', async () => {
    const demo = new DemoProcess();
    await demo.says(/\n1 {2}/);
    const pids = [...demo.toldPids];
    demo.closeOutput();
    const { code, stderr } = await demo.outcome;
    expect(code).toBe(141);
    expect(stderr).not.toMatch(/EPIPE|Error/);
    expect(pids.filter(isAlive)).toEqual([]);
});

it('ends its services and servers when it is killed', async () => {
    const demo = new DemoProcess();
    const [, instance] = await demo.says(/products-a .* pid (\d+)/);
    await demo.says(/\n2 {2}/);
    process.kill(parentOf(Number(instance)), 'SIGKILL');
    // The pipes close when every process that holds them has exited.
    await demo.outcome;
    for (const pid of demo.toldPids) while (isAlive(pid)) await sleep(20);
});

it('reports a taken port before it starts any process', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stdout, stderr } = await new DemoProcess(['--serve', '--port', String(port)]).outcome;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`Port ${port} is taken. Next: choose another one with --port`);
    other.close();
});

it.each([
    [['--port', 'x'], '--port is x, allowed: 0 to 65535'],
    [['--port', ''], '--port is , allowed: 0 to 65535'],
    [['--protocol', 'text'], '--protocol is text, allowed: binary, meta'],
    [['--serv'], "Unknown option '--serv'"],
])('rejects %s, and prints the allowed arguments', async (args, message) => {
    const { code, stderr } = await new DemoProcess(args).outcome;
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain('npm run demo -- --serve');
});
