import type { SimProcess } from './SimProcess';

/** A call of a loader. */
export interface LoaderRun {
    readonly process: string;
    readonly key: string;
    readonly version: number;
    /** The call that it is made for. */
    readonly step: number;
    readonly startMs: number;
    endMs: number;
    /** When its signal aborted. */
    abortedMs: number;
}

/** What the cache stands in front of: a version for each key, which only its writer raises. */
export class DataSource {
    readonly runs: LoaderRun[] = [];
    private readonly versions = new Map<string, number>();
    private readonly writers = new Map<string, SimProcess>();

    version(key: string): number {
        return this.versions.get(key) ?? 0;
    }

    /**
     * The next version, told to the cache by `write`. One at a time for each key; null: another
     * process is at it. Processes must not wait for each other here: they share nothing but servers.
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
