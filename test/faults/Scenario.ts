import type { ClientOptions, MemcachedClient } from 'pip-services4-memcached-node';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import type { Fault, FaultProxy } from '../support/proxy/FaultProxy';
import { holding, passing } from '../support/proxy/FaultProxy';

export interface World {
    memcached: MemcachedProcess;
    proxy: FaultProxy;
    client: MemcachedClient;
}

/** The calls that succeed, which are all, only idempotent calls, none, or any number. */
export type Expectation = 'all' | 'repeatable' | 'none' | 'any';

/** A failure of a server, or of the network path to it, and its recovery. */
export interface Break {
    /** Whether the client connects to the server without the proxy. */
    direct?: boolean;
    /**
     * Holds the answers back, so that calls are in flight at the break. If absent, the client is
     * idle at the break.
     */
    catches?(world: World): void | Promise<void>;
    strikes(world: World): void | Promise<void>;
    mends(world: World): void | Promise<void>;
}

export interface Scenario extends Break {
    name: string;
    /** The calls in flight at the break that succeed. */
    inFlight: Expectation;
    /** The calls between the break and the recovery that succeed. */
    meanwhile: Expectation;
    /** The minimum duration of the fault, in ms. */
    lastsMs?: number;
    /** Whether the server is empty when it returns. */
    forgets?: boolean;
    memcachedArgs?: string[];
    options?: ClientOptions;
}

/** Breaks the network. The proxy holds the calls in flight until the fault decides their fate. */
export function onTheWay(fault: Fault): Break {
    return {
        catches: ({ proxy }) => proxy.begin(holding),
        strikes: ({ proxy }) => proxy.begin(fault),
        mends: ({ proxy }) => proxy.begin(passing),
    };
}

/**
 * Breaks the server. The server is already suspended when the calls begin, so that `strikes` finds
 * calls in flight.
 */
export function atTheServer(strikes: Break['strikes'], mends: Break['mends']): Break {
    return { direct: true, catches: ({ memcached }) => memcached.stop(), strikes, mends };
}
