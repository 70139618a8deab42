import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../support/root';
import { runNode } from '../../support/runNode';

let folder: string;

/** Makes a checkout that has its packages, and a PATH that leads to nothing but Node. */
beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'setup-test-'));
    for (const name of ['setup.mjs', 'setup', 'memcached.cjs']) {
        cpSync(join(root, 'scripts', name), join(folder, 'scripts', name), { recursive: true });
    }
    for (const name of ['node_modules', 'packages', 'bin']) mkdirSync(join(folder, name));
    for (const name of ['package-lock.json', 'node_modules/.package-lock.json']) {
        writeFileSync(join(folder, name), '{ "packages": {} }');
    }
    symlinkSync(process.execPath, join(folder, 'bin/node'));
});

afterAll(() => rmSync(folder, { recursive: true }));

const setUp = (env: Record<string, string>) =>
    runNode([join(folder, 'scripts/setup.mjs')], { PATH: join(folder, 'bin'), ...env });

it('exits with 1 and the ways to get memcached when it can install none', async () => {
    const { code, stdout, stderr } = await setUp({ MEMCACHED_SERVICE_HOST: '' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('memcached is missing, and the set-up could not install it.');
    for (const way of ['sudo apt-get install memcached', 'docker compose up', 'set MEMCACHED_SERVICE_HOST']) {
        expect(stderr).toContain(way);
    }
    expect(stderr).not.toMatch(/^ +at /m);
});

it('exits with 1 and the address when the given memcached does not answer', async () => {
    const { code, stderr } = await setUp({ MEMCACHED_SERVICE_HOST: '127.0.0.1', MEMCACHED_SERVICE_PORT: '1' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/No memcached at 127\.0\.0\.1:1: .*ECONNREFUSED.*\nNext: start it there, or unset/);
});
