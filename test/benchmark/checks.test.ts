import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { root } from '../support/root';
import { runNode } from '../support/runNode';

const urlOf = (file: string) => JSON.stringify(pathToFileURL(join(root, 'benchmark', file)).href);

/** Opens a driver on a client in memory, which `lie` changes, and returns the error of the check. */
async function check(driver: string, lie: string): Promise<string> {
    const code = `
        import { openClientDriver } from ${urlOf('client-driver.mjs')};
        import { openLockDriver } from ${urlOf('lock-driver.mjs')};
        import { ofObjectLists, ofObjects } from ${urlOf('contenders/objects.mjs')};
        const server = new Map();
        const cache = {
            ...ofObjects,
            ...ofObjectLists,
            get: async key => (server.has(key) ? JSON.parse(server.get(key)) : null),
            getMany: keys => Promise.all(keys.map(cache.get)),
            set: async (key, value) => Boolean(server.set(key, JSON.stringify(value))),
            isStored: result => result === true,
        };
        const lock = {
            acquire: async key => !server.has(key) && Boolean(server.set(key, 'held')),
            release: async key => void server.delete(key),
            lock: async key => (await lock.acquire(key)) && !(await lock.release(key)),
        };
        const scenario = { verb: ${JSON.stringify(driver)} === 'lock' ? 'lock' : 'get', keys: 20, valueBytes: 100 };
        let stored = async key => (server.has(key) ? Buffer.from(server.get(key)) : null);
        const client = ${driver};
        const honest = { ...client };
        ${lie};
        const open = client === lock ? openLockDriver : openClientDriver;
        await open(client, scenario, { tag: 'a', stored: key => stored(key) }).then(
            () => console.log('no error'),
            error => console.log(error.message),
        );`;
    const { stdout, stderr } = await runNode(['--input-type=module', '--eval', code]);
    return stdout.trim() || stderr;
}

it.each([
    ['no lie', 'cache', '', 'no error'],
    ['values of another key', 'cache', 'client.get = () => honest.get(server.keys().next().value)', 'other bytes'],
    ['stores that store nothing', 'cache', 'client.set = async () => true', 'other bytes'],
    ['stores that fail', 'cache', 'client.set = async () => false', 'was not stored'],
    [
        'a shuffled multi-get',
        'cache',
        'client.getMany = keys => honest.getMany(keys.toReversed())',
        'multi-get returned',
    ],
    ['values for missing keys', 'cache', 'client.get = async key => (await honest.get(key)) ?? {}', 'a missing key'],
    ['values that are not in the server', 'cache', 'stored = async () => null', 'the server holds other bytes'],
    ['no lie', 'lock', '', 'no error'],
    ['locks that are never free', 'lock', 'client.lock = async () => false', 'cannot lock and release a free lock'],
    ['locks that are not in the server', 'lock', 'client.acquire = async () => true', 'is not in the server'],
    ['locks for two', 'lock', "client.acquire = async key => !!server.set(key, 'held')", 'a second caller acquired'],
    ['releases that release nothing', 'lock', 'client.release = async () => {}', 'a released lock is still'],
])('checks a contender with %s before it measures (%s)', async (_, driver, lie, message) => {
    expect(await check(driver, lie)).toContain(message);
});

it('names the package to install when there is no redis-server', async () => {
    const { code, stdout, stderr } = await runNode(['benchmark/alternatives.mjs'], { PATH: '/nowhere' });
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('sudo apt-get install redis-server')]);
});
