import { useServer, type Opener } from './Opener';
import type { RecordingProxy } from './proxy/RecordingProxy';
import type { MemcachedProcess } from './server/MemcachedProcess';
import { flush } from './server/textProtocol';

type Three<T> = [T, T, T];

export interface Fleet {
    readonly servers: Three<MemcachedProcess>;
    /** One before each server. Each test has its own. */
    readonly proxies: Three<RecordingProxy>;
}

/**
 * Three servers for all tests of a file, empty when a test begins, with a proxy before each. A test
 * that breaks one uses `open.stop` or `open.kill`.
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
