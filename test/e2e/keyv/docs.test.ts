import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { useServer } from '../../support/Opener';
import { runNode } from '../../support/runNode';
import { sleep } from '../../support/sleep';
import { folder } from './packages.cjs';
import { argumentsFor, compile, programs } from './programs';

const server = useServer();
const env = (): Record<string, string> => ({ MEMCACHED_URI: `memcached://${server.address}` });

const scripts = programs.filter(({ kind }) => kind === 'js');
const service = programs.find(({ code }) => code.includes('@nestjs'))!;

/** The last line that each program prints, after its objects are text. */
const PRINTS: Record<string, RegExp> = {
    'cache-manager': /^\{ name: 'Ada' \} \{ name: 'Ada' \}\n$/,
    cacheable: /^\{ name: 'Ada' \}\n$/,
    '@apollo/utils.keyvadapter': /^response\n$/,
    keyv: /^\{ name: 'Ada' \}\n$/,
};

it('compiles the programs in strict mode, with the declarations of the build', () => {
    expect(programs.length).toBeGreaterThanOrEqual(5);
    expect(compile(programs)).toEqual([]);
    const wrong = { ...scripts[0]!, code: scripts[0]!.code.replace("namespace: 'my-app'", 'namespace: 1') };
    expect(compile([wrong])).toEqual([expect.stringContaining('number')]);
});

it('is a store for the types of Keyv 5, Keyv 6, cache-manager and cacheable', () => {
    const code = `
        import { Cacheable } from 'cacheable';
        import { createCache } from 'cache-manager';
        import Keyv, { type KeyvStoreAdapter } from 'keyv';
        import Keyv6 from 'keyv6';
        import { KeyvMemcached } from 'pip-services4-memcached-node/keyv';
        const store: KeyvStoreAdapter = new KeyvMemcached('memcached://localhost');
        const keyvs = [new Keyv(store), new Keyv({ store }), new Keyv6(store), new Keyv6({ store })];
        createCache({ stores: [new Keyv({ store })] });
        new Cacheable({ secondary: store });
        void keyvs;`;
    expect(compile([{ file: 'types', line: 1, kind: 'ts', code }])).toEqual([]);
});

it.each(scripts.map(block => [`${block.file}:${block.line}`, block] as const))('runs %s', async (_, block) => {
    const [, expected] = Object.entries(PRINTS).find(([name]) => block.code.includes(`from '${name}'`))!;
    expect(await runNode(argumentsFor(block), env(), folder)).toEqual({
        code: 0,
        stdout: expect.stringMatching(expected),
        stderr: '',
    });
});

it('runs the program for Keyv on Keyv 6', async () => {
    const block = scripts.find(({ code }) => /^import Keyv/.test(code))!;
    const onKeyv6 = { ...block, code: block.code.replace("from 'keyv'", "from 'keyv6'") };
    expect(await runNode(argumentsFor(onKeyv6), env(), folder)).toEqual({
        code: 0,
        stdout: "{ name: 'Ada' }\n",
        stderr: '',
    });
});

it('caches the routes of the NestJS service, whose keys are URLs of any length', async () => {
    const port = await freePort();
    const child = spawn(process.execPath, argumentsFor(service), {
        cwd: folder,
        env: { ...process.env, ...env(), PORT: String(port) },
        stdio: ['ignore', 'pipe', 'inherit'],
        timeout: 50_000,
    });
    const output = text(child.stdout);
    try {
        const url = `http://127.0.0.1:${port}/products`;
        const get = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
        while ((await fetch(url).catch(() => null)) === null) await sleep(50);
        const long = `/2?query=${'x'.repeat(300)}`;
        for (const path of ['/1', '/1', long, long, `${long}y`]) {
            expect(await get(path)).toEqual({ id: path[1], name: `Product ${path[1]}` });
            // The interceptor stores the response after it has sent it.
            await sleep(100);
        }
    } finally {
        child.kill();
        await once(child, 'close');
    }
    const loads = (await output).split('\n').filter(line => line.startsWith('loading'));
    expect(loads).toEqual(['loading product 1', 'loading product 2', 'loading product 2']);
});

async function freePort(): Promise<number> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    listener.close();
    await once(listener, 'close');
    return port;
}
