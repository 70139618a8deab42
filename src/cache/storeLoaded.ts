import { isAway } from '../client/errors';
import { date } from './dated';
import type { LoadLease } from './LoadLease';
import { DEFAULT_JITTER, type LoadRequest } from './LoadOptions';
import type { ValueStore } from './ValueStore';
import type { Encoded } from './values';

const NULL: Encoded = { value: 'null', flags: 0 };

/** Stores what a loader gave, or removes what was there before when that is nothing. Its callers have their value, so a failure is no error of theirs. */
export async function storeLoaded(
    values: ValueStore,
    request: LoadRequest,
    fullKey: string,
    lease: LoadLease,
    value: unknown,
): Promise<void> {
    const { context, key } = request;
    try {
        const stored = value === null ? toNull(values, request) : await encode(values, request, value);
        if (stored === null) return await lease.remove();
        const { encoded, expires } = stored;
        if (await lease.store(encoded, expires)) await values.count(context, [fullKey]);
    } catch (error) {
        if (isAway(error)) values.events.softened(context, error as Error);
        else values.events.unstored(context, key, error as Error);
        await lease.remove().catch(() => {});
    }
}

interface Stored {
    readonly encoded: Encoded;
    readonly expires: number;
}

function toNull(values: ValueStore, { context, options }: LoadRequest): Stored | null {
    const { nullTimeout } = options;
    if (!nullTimeout) return null;
    return { encoded: NULL, expires: values.expirySeconds(context, shortened(values, nullTimeout, options.jitter)) };
}

async function encode(values: ValueStore, { context, timeout, options }: LoadRequest, value: unknown): Promise<Stored> {
    const { maxExpiration, timeout: byDefault } = values.options;
    const longestMs = timeout && timeout > 0 ? timeout : byDefault;
    if (longestMs > maxExpiration) values.events.shortened(context, maxExpiration);
    const freshMs = shortened(values, longestMs, options.jitter);
    const encoded = await values.encode(value);
    if (!options.staleFor) return { encoded, expires: values.expirySeconds(context, freshMs) };
    const keptMs = Math.min(freshMs + options.staleFor, maxExpiration);
    const nowMs = Date.now();
    return {
        encoded: date(encoded, nowMs + freshMs, nowMs + keptMs),
        expires: values.expirySeconds(context, keptMs),
    };
}

/** By what may be, and at random. */
function shortened(values: ValueStore, ms: number, jitter: number | null | undefined): number {
    return Math.min(ms, values.options.maxExpiration) * (1 - (jitter ?? DEFAULT_JITTER) * Math.random());
}
