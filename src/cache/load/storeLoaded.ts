import { isUnavailable } from '../../client/model/errors';
import { wrap } from '../values/staleEnvelope';
import type { LoadLease } from './LoadLease';
import { DEFAULT_JITTER, type LoadRequest } from './LoadOptions';
import type { CacheEngine } from '../engine/CacheEngine';
import { STORED_NULL } from '../values/valueCodec';

/**
 * Stores what a loader returned, or removes what was there before when that is nothing. The callers
 * have their value, so a failure is counted and logged, and is no error of theirs.
 *
 * The request is sent before this returns its promise, unless the value is compressed or a renewal
 * of the lease is under way.
 */
export async function storeLoaded(
    values: CacheEngine,
    request: LoadRequest,
    fullKey: string,
    lease: LoadLease,
    value: unknown,
): Promise<void> {
    // `close` has released it, or it was lost: there is nothing to put in its place.
    if (lease.isFinished) return;
    const { context, key, options } = request;
    try {
        if (value === null && !options.nullTimeout) return await lease.remove();
        const encoding = value === null ? STORED_NULL : values.encode(value);
        const encoded = encoding instanceof Promise ? await encoding : encoding;
        const freshMs = freshForMs(values, request, value);
        const isDated = value !== null && options.staleFor;
        const keptMs = isDated ? Math.min(freshMs + options.staleFor, values.options.maxExpiration) : freshMs;
        const nowMs = Date.now();
        const stored = isDated ? wrap(encoded, nowMs + freshMs, nowMs + keptMs) : encoded;
        const expires = values.expirySeconds(context, keptMs);
        if (await lease.store(stored, expires)) values.recordLoaded(context, fullKey, lease, expires);
    } catch (error) {
        // A clear has put the lease out of reach, as a removal would have.
        if (values.keys.isMoved(error)) return;
        if (isUnavailable(error)) values.metrics.onUnavailable(context, error as Error);
        else values.metrics.onStoreFailed(context, key, error as Error);
        await lease.remove().catch(() => {});
    }
}

/** By what may be, and at random. */
function freshForMs(values: CacheEngine, { context, timeout, options }: LoadRequest, value: unknown): number {
    const { maxExpiration, timeout: byDefault } = values.options;
    let longestMs = timeout && timeout > 0 ? timeout : byDefault;
    if (value === null) longestMs = options.nullTimeout!;
    else if (longestMs > maxExpiration) values.metrics.onCapped(context, maxExpiration);
    return Math.min(longestMs, maxExpiration) * (1 - (options.jitter ?? DEFAULT_JITTER) * Math.random());
}
