import crypto from 'node:crypto';
import type * as Package from 'pip-services4-memcached-node';
import { useServer } from '../support/Opener';
import { configOf } from '../support/settings';

const server = useServer();

it('draws random numbers with the first token, not on the import of the module', async () => {
    const draw = jest.spyOn(crypto, 'randomBytes');
    let loaded!: typeof Package;
    jest.isolateModules(() => (loaded = jest.requireActual('pip-services4-memcached-node')));
    expect(draw).not.toHaveBeenCalled();
    const lock = new loaded.MemcachedLock();
    lock.configure(configOf(server));
    await lock.open(null);
    const tokens: string[] = [];
    for (const key of ['one', 'two']) tokens.push((await lock.acquireLease(null, key, 1000)).token);
    await lock.close(null);
    expect(draw).toHaveBeenCalledTimes(1);
    expect(new Set(tokens).size).toBe(2);
});
