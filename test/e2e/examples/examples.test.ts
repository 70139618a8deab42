import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ts from 'typescript';
import { useOpener, useServer } from '../../support/Opener';
import { root } from '../../support/root';
import { runNode, type Outcome } from '../../support/runNode';
import { createCertificate } from '../../support/server/certificate';
import type { MemcachedProcess } from '../../support/server/MemcachedProcess';

const folder = join(root, 'examples');
/** The examples of one file each. Examples with a folder have separate tests. */
const examples = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => /\.(mjs|cjs|ts)$/.test(name) && !name.startsWith('demo'))
    .map(({ name }) => name);

/**
 * Runs an example as its reader does. An example with a leak does not end. The function first
 * compiles TypeScript to a module.
 */
function runExample(file: string, env: Record<string, string>): Promise<Outcome> {
    const path = join(folder, file);
    if (!file.endsWith('.ts')) return runNode([path], env);
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
        compilerOptions: { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2022 },
    });
    return runNode(['--input-type=module', '--eval', outputText], env);
}

const said: Record<string, string> = {
    'cache.mjs': `user-42 is { id: 42, name: 'Ann' }
removed { id: 42, name: 'Ann' }
now it is null
rates { 'rate-eur': 1.1, 'rate-gbp': 1.3 }
added true false
visits 2
guests Ann, Ben, Cid
INVALID_KEY
visits after clear null
`,
    'lock.mjs': `at work at a time: 1
tokens all different: true
held: true another gets: null
LOCK_TIMEOUT
held after release: false
acquired: true
`,
    'load-through.mjs': 'answers 100 EUR 1.1 loads 1\nloads 1\nno database\n',
    'several-servers.mjs': 'found 100 of 100\na server has some of them\na server has some of them\n',
    'discovery.mjs': 'from a server that was looked up\nNO_CONNECTION\n',
    'tls-and-login.mjs': 'over TLS, logged in\nAUTH_FAILED\n',
    'without-container.ts': 'user number 42\nuser number 42\nuser number 42\nloaded 1 time\ndone\n',
    'commonjs.cjs': 'Hello from CommonJS\n',
    'esm.mjs': 'Hello from an ES module\n',
};

const server = useServer();
const other = useServer();
const open = useOpener();

const at = ({ host, port }: MemcachedProcess) => ({
    MEMCACHED_SERVICE_HOST: host,
    MEMCACHED_SERVICE_PORT: String(port),
});

it('covers each example', () => {
    expect(Object.keys(said).sort()).toEqual(examples.sort());
});

it.each(examples)('keeps %s under 60 lines and free of process.exit', file => {
    const source = readFileSync(join(folder, file), 'utf8');
    expect(source.trim().split('\n').length).toBeLessThan(60);
    expect(source).not.toContain('process.exit');
});

const plain = examples.filter(file => file !== 'tls-and-login.mjs');

it.each(plain)('prints the expected output of %s twice in a row', async file => {
    const env = { ...at(server), MEMCACHED_SERVERS: `${server.address},${other.address}` };
    for (let i = 0; i < 2; i++) {
        expect(await runExample(file, env)).toEqual({ code: 0, stdout: said[file], stderr: '' });
    }
});

it.each(plain)('fails and exits in %s when memcached is unavailable', async file => {
    const away = await open.server();
    await away.kill();
    const { code, stdout, stderr } = await runExample(file, { ...at(away), MEMCACHED_SERVERS: away.address });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('CONNECT_FAILED');
});

describe('an example with a login', () => {
    const login = { username: 'ann', password: 'secret' };
    const env = { MEMCACHED_USERNAME: login.username, MEMCACHED_PASSWORD: login.password };

    it('prints the expected output in tls-and-login.mjs', async () => {
        const directory = mkdtempSync(join(tmpdir(), 'example-'));
        open.atEnd(() => rmSync(directory, { recursive: true }));
        const certificate = createCertificate();
        const ca = join(directory, 'ca.pem');
        writeFileSync(ca, certificate.cert);
        const secure = await open.server({ login, certificate });
        const outcome = await runExample('tls-and-login.mjs', { ...at(secure), ...env, MEMCACHED_CA_FILE: ca });
        expect(outcome).toEqual({ code: 0, stdout: said['tls-and-login.mjs'], stderr: '' });
    });

    it('finds the login in the credential store in discovery.mjs', async () => {
        const locked = await open.server({ login });
        const outcome = await runExample('discovery.mjs', { ...at(locked), ...env });
        expect(outcome).toEqual({ code: 0, stdout: said['discovery.mjs'], stderr: '' });
    });
});
