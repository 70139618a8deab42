import { MemcachedClient } from '../../src/client/MemcachedClient';
import { FaultProxy } from '../support/proxy/FaultProxy';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { closeLocks } from './openLock';

export interface BrokenConnection {
    memcached: MemcachedProcess;
    /** To the server itself. */
    client: MemcachedClient;
    /** Locks go through this one; a new one for every test. */
    proxy: FaultProxy;
}

/** For the tests of a file: an empty server, and a proxy before it that may be broken at will. */
export function useBrokenConnection(): BrokenConnection {
    const used = {} as BrokenConnection;

    beforeAll(async () => {
        used.memcached = await MemcachedProcess.start();
        used.client = new MemcachedClient([used.memcached]);
        await used.client.open();
    });

    beforeEach(async () => {
        await used.client.flush();
        used.proxy = await FaultProxy.start(used.memcached.port);
    });

    afterEach(async () => {
        await closeLocks();
        await used.proxy.close();
    });

    afterAll(async () => {
        await used.client.close();
        await used.memcached.end();
    });

    return used;
}
