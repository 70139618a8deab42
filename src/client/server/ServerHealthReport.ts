import type { Call } from '../calls/Call';
import type { ProtocolName } from '../model/ServerIdentity';
import { MemcachedServer } from './MemcachedServer';
import { StatCall, VersionCall } from '../calls/serverCalls';

/** The answers of a server to a health check. Missing answers are null. */
export interface ServerHealthReport {
    /** The name of the server in messages, logs and statistics. */
    readonly address: string;
    /** Whether the server has answered on a new socket (`connect_timeout`, `request_timeout`). */
    readonly reachable: boolean;
    /** The reason why the server is not reachable, null if it is reachable. */
    readonly error: {
        /** The code of the error, for example `CONNECT_FAILED`. */
        readonly code: string;
        /** The message of the error. */
        readonly message: string;
    } | null;
    /** The version of the server. */
    readonly version: string | null;
    /** The protocol of the new socket. */
    readonly protocol: ProtocolName | null;
    /** The time of a request on the open socket, in ms. */
    readonly roundTripMs: number | null;
    /** The memory for items. */
    readonly memory: {
        /** The limit (`-m`), in bytes. */
        readonly limitBytes: number;
        /** The size of all items, in bytes. */
        readonly usedBytes: number;
    } | null;
    /** The number of evictions since the start of the server. Above 0, it may evict locks too. */
    readonly evictions: number | null;
    /** Whether the server runs with CAS. If not (`-C`), locks fail with `CAS_DISABLED`. */
    readonly casEnabled: boolean | null;
}

type ServerFacts = Omit<ServerHealthReport, 'address' | 'reachable' | 'error'>;

const NOTHING: ServerFacts = {
    version: null,
    protocol: null,
    roundTripMs: null,
    memory: null,
    evictions: null,
    casEnabled: null,
};
const NO_OBSERVER = { onDown: () => {}, onUp: () => {} };

/**
 * Checks a server on a new socket, regardless of its current state. A server that is down may be
 * back, and one that is up may accept no further connection. The check is in no statistics and
 * never rejects.
 */
export async function checkServer(server: MemcachedServer): Promise<ServerHealthReport> {
    const { at, address, options, deadlines } = server;
    // Another login would fail too, and might lock the account.
    if (server.breaker.hasRejectedLogin) return unreachable(address, server.breaker.downError());
    const settings = { ...options, poolSize: 1, failures: 1, retries: 0, maxPending: 0, observer: NO_OBSERVER };
    const probe = new MemcachedServer(at, settings, deadlines, server.negotiation.copy());
    probe.open();
    try {
        const facts = await askFacts(probe);
        return Object.freeze({ address, reachable: true, error: null, ...facts });
    } catch (error) {
        return unreachable(address, error as Error);
    } finally {
        await probe.close();
    }
}

function unreachable(address: string, error: Error): ServerHealthReport {
    const { code = error.name } = error as { code?: string };
    const { message } = error;
    return Object.freeze({ address, reachable: false, error: Object.freeze({ code, message }), ...NOTHING });
}

async function askFacts(server: MemcachedServer): Promise<ServerFacts> {
    // Connects and logs in before the clock starts. Servers answer VERSION even without a login.
    const deadlineMs = await server.greet();
    const ask = <T>(call: Call<T>): Promise<T> => {
        call.deadlineMs = deadlineMs;
        return server.send(call, true);
    };
    const startedMs = performance.now();
    const versions = ask(new VersionCall());
    // Some proxies for memcached have no statistics.
    const details = Promise.all(['', 'settings'].map(group => ask(new StatCall(group)).catch(() => null)));
    const version = await versions;
    const roundTripMs = performance.now() - startedMs;
    const [stats, settings] = await details;
    const limitBytes = parseCount(stats?.limit_maxbytes);
    const usedBytes = parseCount(stats?.bytes);
    return {
        version,
        protocol: server.identity?.protocol ?? null,
        roundTripMs,
        memory: limitBytes === null || usedBytes === null ? null : Object.freeze({ limitBytes, usedBytes }),
        evictions: parseCount(stats?.evictions),
        casEnabled: parseYesNo(settings?.cas_enabled),
    };
}

function parseCount(text: string | undefined): number | null {
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

function parseYesNo(text: string | undefined): boolean | null {
    if (text === 'yes') return true;
    return text === 'no' ? false : null;
}
