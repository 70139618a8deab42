import type { Call } from '../calls/Call';
import { authFailed } from '../model/errors';
import { MemcachedServer } from './MemcachedServer';
import { StatCall, VersionCall } from '../calls/serverCalls';

/** What a server said when it was asked, or that it did not. What it did not tell is null. */
export interface ServerHealthReport {
    readonly address: string;
    /** It answered within `connect_timeout` and `request_timeout`, on a socket that was opened for this question. */
    readonly reachable: boolean;
    /** Why it is not reachable. */
    readonly error: { readonly code: string; readonly message: string } | null;
    readonly version: string | null;
    /** ms from the question to its answer, without the connecting. */
    readonly roundTripMs: number | null;
    readonly memory: { readonly limitBytes: number; readonly usedBytes: number } | null;
    /** Items that had to go before their time, since the server was started. Above 0, what is stored may go at any time: locks too. */
    readonly evictions: number | null;
    /** false: it runs with `-C`, and refuses locks (`CAS_DISABLED`). */
    readonly casEnabled: boolean | null;
}

type ServerFacts = Omit<ServerHealthReport, 'address' | 'reachable' | 'error'>;

const NOTHING: ServerFacts = { version: null, roundTripMs: null, memory: null, evictions: null, casEnabled: null };
const NO_OBSERVER = { onDown: () => {}, onUp: () => {} };

/**
 * Asks a server on a socket of its own, whatever is thought of it: one that counts as down may be back, and one that counts as up may take no new connection. It
 * counts in no statistics, and takes at most `connect_timeout` and `request_timeout`. It never rejects: that a server is away is the answer.
 */
export async function checkServer(node: MemcachedServer): Promise<ServerHealthReport> {
    const { at, address, options, deadlines } = node;
    // Asking again would not change a wrong password, and might lock the account.
    if (node.hasRejectedLogin) return unreachable(address, authFailed(address));
    const server = new MemcachedServer(
        at,
        { ...options, poolSize: 1, failures: 1, retries: 0, maxPending: 0 },
        deadlines,
        NO_OBSERVER,
    );
    server.open();
    try {
        const said = await question(server);
        return Object.freeze({ address, reachable: true, error: null, ...said });
    } catch (error) {
        return unreachable(address, error as Error);
    } finally {
        await server.close();
    }
}

function unreachable(address: string, error: Error): ServerHealthReport {
    const { code = error.name } = error as { code?: string };
    const { message } = error;
    return Object.freeze({ address, reachable: false, error: Object.freeze({ code, message }), ...NOTHING });
}

async function question(server: MemcachedServer): Promise<ServerFacts> {
    // The connection is made before the clock starts. A server that asks for a login answers VERSION to anybody, NOOP not.
    const deadlineMs = await server.greet();
    const ask = <T>(call: Call<T>): Promise<T> => {
        call.deadlineMs = deadlineMs;
        return server.send(call);
    };
    const startedMs = performance.now();
    const versions = ask(new VersionCall());
    // Not every proxy for memcached knows them.
    const details = Promise.all(['', 'settings'].map(group => ask(new StatCall(group)).catch(() => null)));
    const version = await versions;
    const roundTripMs = performance.now() - startedMs;
    const [stats, settings] = await details;
    const limitBytes = numberOf(stats?.limit_maxbytes);
    const usedBytes = numberOf(stats?.bytes);
    return {
        version,
        roundTripMs,
        memory: limitBytes === null || usedBytes === null ? null : Object.freeze({ limitBytes, usedBytes }),
        evictions: numberOf(stats?.evictions),
        casEnabled: answerOf(settings?.cas_enabled),
    };
}

function numberOf(text: string | undefined): number | null {
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

function answerOf(text: string | undefined): boolean | null {
    if (text === 'yes') return true;
    return text === 'no' ? false : null;
}
