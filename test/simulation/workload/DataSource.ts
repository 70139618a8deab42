import type { SimProcess } from './SimProcess';

/** Call of a loader. */
export interface LoaderRun {
    readonly process: string;
    readonly key: string;
    readonly version: number;
    /** Number of the step that starts the load. */
    readonly step: number;
    readonly startMs: number;
    endMs: number;
    /** Time at which the loader's signal aborts. */
    abortedMs: number;
}

/** Data behind the cache, with one version per key. Only `publish` raises a version. */
export class DataSource {
    readonly runs: LoaderRun[] = [];
    private readonly versions = new Map<string, number>();
    private readonly writers = new Map<string, SimProcess>();

    version(key: string): number {
        return this.versions.get(key) ?? 0;
    }

    /**
     * Raises the version and lets `write` update the cache. Returns null while another call
     * publishes the key. Processes share only the servers, so they must not wait for each other.
     */
    async publish<T>(key: string, process: SimProcess, write: (version: number) => Promise<T>): Promise<T | null> {
        const writer = this.writers.get(key);
        if (writer !== undefined && !writer.loop.isDead) return null;
        this.writers.set(key, process);
        const version = this.version(key) + 1;
        this.versions.set(key, version);
        try {
            return await write(version);
        } finally {
            this.writers.delete(key);
        }
    }
}
