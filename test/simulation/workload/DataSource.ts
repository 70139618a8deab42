/** A call of a loader. */
export interface LoaderRun {
    readonly process: string;
    readonly key: string;
    readonly version: number;
    readonly startMs: number;
    endMs: number;
}

/** What the cache stands in front of: a version for each key, which only its writer raises. */
export class DataSource {
    readonly runs: LoaderRun[] = [];
    private readonly versions = new Map<string, number>();
    private readonly writing = new Map<string, Promise<unknown>>();

    version(key: string): number {
        return this.versions.get(key) ?? 0;
    }

    /** The next version, told to the cache by `write`; one at a time for each key. */
    async publish<T>(key: string, write: (version: number) => Promise<T>): Promise<T> {
        const before = this.writing.get(key) ?? Promise.resolve();
        const done = before.then(() => {
            const version = this.version(key) + 1;
            this.versions.set(key, version);
            return write(version);
        });
        this.writing.set(
            key,
            done.catch(() => {}),
        );
        return done;
    }
}
