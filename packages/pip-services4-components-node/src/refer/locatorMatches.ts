/**
 * Returns whether a registration under `stored` matches `requested`. A locator with an `equals`
 * method decides for itself, so descriptors of another copy of this package work as well.
 */
export function locatorMatches(stored: unknown, requested: unknown): boolean {
    if (stored === requested) return true;
    const comparable = stored as { equals?: (value: unknown) => boolean } | null | undefined;
    return typeof comparable?.equals === 'function' && comparable.equals(requested);
}
