import { KeyvMemcached, type KeyvServerOptions } from 'pip-services4-memcached-node/keyv';
import { outcomeOf } from '../support/codeOf';
import type { Opener } from '../support/Opener';
import { testProtocol } from '../support/protocol';
import type { Server } from '../support/settings';
import { sleep } from '../support/sleep';

/** A store, and the codes of its events `error`. */
export interface ObservedStore {
    readonly store: KeyvMemcached;
    readonly errors: string[];
}

/** Creates a store with its own connection, which the opener closes. */
export function storeOf(open: Opener, server: Server, options: KeyvServerOptions = {}): ObservedStore {
    const { host = '127.0.0.1', port } = server;
    return observe(
        open,
        new KeyvMemcached({
            namespace: open.key,
            uri: `memcached://${host}:${port}`,
            ...options,
            options: { protocol: testProtocol, ...options.options },
        }),
    );
}

export function observe(open: Opener, store: KeyvMemcached): ObservedStore {
    open.atEnd(() => store.disconnect());
    const errors: string[] = [];
    store.on('error', ({ code }: { code: string }) => errors.push(code));
    return { store, errors };
}

/** Repeats a call until it does not reject. */
export async function eventually(call: () => Promise<unknown>): Promise<void> {
    while ((await outcomeOf(call())) !== 'answered') await sleep(20);
}
