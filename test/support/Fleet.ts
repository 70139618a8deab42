import { useServer, type Opener } from './Opener';
import type { RecordingProxy } from './proxy/RecordingProxy';
import type { MemcachedProcess } from './server/MemcachedProcess';
import { flush } from './server/textProtocol';

type Three<T> = [T, T, T];

export interface Fleet {
    readonly servers: Three<MemcachedProcess>;
    /** One proxy before each server. Each test gets new proxies. */
    readonly proxies: Three<RecordingProxy>;
}

/**
 * Starts three servers for all tests of a file, each behind a proxy. Every test begins with empty
 * servers. A test that breaks a server uses `open.stop` or `open.kill`.
 */
export function useFleet(open: Opener): Fleet {
    const servers: Three<MemcachedProcess> = [useServer(), useServer(), useServer()];
    let proxies: Three<RecordingProxy>;
    beforeEach(async () => {
        await Promise.all(servers.map(flush));
        const [one, two, three] = servers;
        proxies = [await open.recordingProxy(one), await open.recordingProxy(two), await open.recordingProxy(three)];
    });
    return {
        servers,
        get proxies() {
            return proxies;
        },
    };
}
