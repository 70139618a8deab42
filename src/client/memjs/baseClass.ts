import type { ServerInfo } from '../model/ServerInfo';

interface MemjsClient {
    /** The servers that keys belong to. `update` replaces the list. */
    servers: readonly ServerInfo[];
}

// eslint-disable-next-line @typescript-eslint/no-require-imports -- memjs has no types of its own
const memjs = require('memjs') as { Client: new (servers: readonly ServerInfo[], options: object) => MemjsClient };

/** The class that makes a client a `memjs.Client`. `MemcachedClient` replaces its transport. */
export const Client = memjs.Client;
