import type { ClientOptions, MemcachedClient } from 'pip-services4-memcached-node';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import type { Fault, FaultProxy } from '../support/proxy/FaultProxy';
import { holding, passing } from '../support/proxy/FaultProxy';

export interface World {
    memcached: MemcachedProcess;
    proxy: FaultProxy;
    client: MemcachedClient;
}

/** Which calls succeed: all; all but those that must not be repeated; none; as it happens. */
export type Expectation = 'all' | 'repeatable' | 'none' | 'any';

/** How a server, or the way to it, breaks and comes back. */
export interface Break {
    /** Without a proxy between client and server. */
    direct?: boolean;
    /** Keeps the server from answering, so that there is something in flight to break. Absent: the break finds the client idle. */
    catches?(world: World): void | Promise<void>;
    strikes(world: World): void | Promise<void>;
    mends(world: World): void | Promise<void>;
}

export interface Scenario extends Break {
    name: string;
    /** The calls that were in flight when it broke. */
    inFlight: Expectation;
    /** The calls made before it was mended. */
    meanwhile: Expectation;
    /** It stays broken at least so long. */
    lastsMs?: number;
    /** The server that comes back is empty. */
    forgets?: boolean;
    memcachedArgs?: string[];
    options?: ClientOptions;
}

/** The network does it: the proxy holds what is in flight, and lets the fault decide about it. */
export function onTheWay(fault: Fault): Break {
    return {
        catches: ({ proxy }) => proxy.begin(holding),
        strikes: ({ proxy }) => proxy.begin(fault),
        mends: ({ proxy }) => proxy.begin(passing),
    };
}

/** The server does it: it is stopped while calls are made, and what happens then happens to a stopped server. */
export function atTheServer(strikes: Break['strikes'], mends: Break['mends']): Break {
    return { direct: true, catches: ({ memcached }) => memcached.stop(), strikes, mends };
}
