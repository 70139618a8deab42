import type { Opener } from '../support/Opener';
import type { Servers, Settings } from '../support/settings';

let count = 0;

/** Opens caches for batches with a separate prefix, no key limit and a long timeout. */
export const batchCaches =
    (opener: Opener, server: Servers) =>
    (settings: Settings = {}, at: Servers = server) =>
        opener.cache(at, { max_size: 0, prefix: `b${count++}:`, request_timeout: 10_000, ...settings });

export const numbered = (n: number, of = (i: number): unknown => i) =>
    new Map(Array.from({ length: n }, (_, i) => [`key${i}`, of(i)]));
