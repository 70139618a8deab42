import type { Opener } from '../support/Opener';
import type { Settings } from '../support/settings';

/** Expects that a cache with only these settings opens, stores and retrieves. */
export async function expectWorking(open: Opener, settings: Settings): Promise<void> {
    const cache = await open.cache([], settings);
    await cache.store(null, 'key', { a: 1 }, 5000);
    expect(await cache.retrieve(null, 'key')).toEqual({ a: 1 });
}

/** Opens a cache with these settings, and returns the error. */
export function openError(open: Opener, settings: Settings): Promise<Error & { code: string }> {
    return open
        .cacheOf([], settings)
        .open('trace')
        .then(
            () => Promise.reject(new Error('the cache has opened')),
            (error: Error & { code: string }) => error,
        );
}
