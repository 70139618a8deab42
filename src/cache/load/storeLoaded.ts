import { isUnavailable } from '../../client/model/errors';
import type { CacheEngine } from '../engine/CacheEngine';
import { wrap } from '../values/staleEnvelope';
import { STORED_NULL } from '../values/valueCodec';
import type { AnyLease } from './LoadLease';
import { DEFAULT_JITTER, type LoadRequest } from './LoadOptions';

/**
 * Stores the loader's value in the place of the lease. Removes the lease for a null without
 * `nullTimeout`. Callers have the value already, so the cache counts and logs failures.
 *
 * Sends the request before returning, unless it compresses the value or awaits a renewal.
 */
export async function storeLoaded(
    engine: CacheEngine,
    request: LoadRequest,
    lease: AnyLease,
    value: unknown,
): Promise<void> {
    // A released or lost lease leaves nothing to replace.
    if (lease.isFinished) return;
    const { context, key, options } = request;
    try {
        if (value === null && !options.nullTimeout) return await lease.remove();
        const encoding = value === null ? STORED_NULL : engine.encode(value);
        const encoded = encoding instanceof Promise ? await encoding : encoding;
        const freshMs = freshForMs(engine, request, value);
        const staleMs = value === null ? 0 : (options.staleFor ?? 0);
        const keptMs = Math.min(freshMs + staleMs, engine.options.maxExpiration);
        const nowMs = Date.now();
        const stored = staleMs > 0 ? wrap(encoded, nowMs + freshMs, nowMs + keptMs) : encoded;
        const expires = engine.expirySeconds(context, keptMs);
        const cas = await lease.store(stored, expires);
        if (cas !== null) engine.recordLoaded(context, lease.key, cas, expires);
    } catch (error) {
        // A clear has put the lease out of reach, like a removal.
        if (engine.keys.isMoved(error)) return;
        if (isUnavailable(error)) engine.metrics.onUnavailable(context, error as Error);
        else engine.metrics.note(context, 'storeFailures', [key, (error as Error).message]);
        await lease.remove().catch(() => {});
    }
}

/** Caps the duration at `options.max_expiration` and subtracts the jitter. */
function freshForMs(engine: CacheEngine, { context, timeout, options }: LoadRequest, value: unknown): number {
    const { maxExpiration, timeout: defaultMs } = engine.options;
    let ms = timeout && timeout > 0 ? timeout : defaultMs;
    if (value === null) ms = options.nullTimeout!;
    else if (ms > maxExpiration) engine.metrics.note(context, 'cappedExpirations', [maxExpiration]);
    return Math.min(ms, maxExpiration) * (1 - (options.jitter ?? DEFAULT_JITTER) * Math.random());
}
