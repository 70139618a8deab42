import type { Opener } from '../support/Opener';
import type { Settings } from '../support/settings';

/** A cache that is configured by these settings alone opens, stores and finds. */
export async function expectWorking(open: Opener, settings: Settings): Promise<void> {
    const cache = await open.cache([], settings);
    await cache.store(null, 'key', { a: 1 }, 5000);
    expect(await cache.retrieve(null, 'key')).toEqual({ a: 1 });
}

/** Why a cache with these settings does not open. */
export function openError(open: Opener, settings: Settings): Promise<Error & { code: string }> {
    return open
        .cacheOf([], settings)
        .open('trace')
        .then(
            () => Promise.reject(new Error('the cache has opened')),
            (error: Error & { code: string }) => error,
        );
}
