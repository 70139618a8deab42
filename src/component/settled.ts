/**
 * Resolves when all of the promises have settled. Returns null if there is nothing to wait for,
 * because a process that is about to exit does not resume after an await.
 */
export function settled(promises: Iterable<Promise<unknown> | null>): Promise<void> | null {
    const pending = [...promises].filter(one => one !== null);
    return pending.length === 0 ? null : Promise.allSettled(pending).then(() => {});
}
