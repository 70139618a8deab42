import type { MemcachedCache } from 'pip-services4-memcached-node';
import { sleep } from '../support/sleep';
import { storedCount } from './useCache';

export const never = (): Promise<never> => new Promise(() => {});

/**
 * Resolves when the cache has stored `count` values in this test. The cache stores a loaded value
 * only after its callers have it.
 */
export async function untilStored(cache: MemcachedCache, count = 1): Promise<void> {
    while (storedCount(cache) < count) await sleep(2);
}

export const notAsked = (): never => {
    throw new Error('the loader must not be called');
};

/** Returns a loader that counts its calls and takes `ms`. */
export function loaderOf<T>(value: T, ms = 0) {
    let onCalled: () => void;
    const loader = {
        calls: 0,
        /** Resolves at the first call of the loader. */
        called: new Promise<void>(resolve => (onCalled = resolve)),
        load: async (): Promise<T> => {
            loader.calls++;
            onCalled();
            await sleep(ms);
            return value;
        },
    };
    return loader;
}

/** Returns a loader whose only call stays pending until a call of `finish`. */
export function heldLoader<T>() {
    let onCalled: () => void;
    let finish!: (value: T) => void;
    return {
        /** Resolves at the call of the loader. */
        called: new Promise<void>(resolve => (onCalled = resolve)),
        load: (): Promise<T> => {
            onCalled();
            return new Promise(resolve => (finish = resolve));
        },
        finish: (value: T): void => finish(value),
    };
}
