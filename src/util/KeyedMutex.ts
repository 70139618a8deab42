/** A queue that runs steps one at a time, in the order of the calls. */
export class Mutex {
    private last: Promise<unknown> | null = null;

    /** @param onFree runs when the last step has settled */
    constructor(private readonly onFree: (() => void) | null = null) {}

    /** Returns a promise that settles as the last step does. */
    get settled(): Promise<unknown> {
        return this.last ?? Promise.resolve();
    }

    /** Runs the step, at once or when the steps before it have settled. */
    run<T>(step: () => Promise<T>): Promise<T> {
        const done = this.last === null ? step() : this.last.then(step, step);
        this.last = done;
        const leave = (): void => {
            if (this.last !== done) return;
            this.last = null;
            this.onFree?.();
        };
        done.then(leave, leave);
        return done;
    }
}

/** A mutex for each key. Steps of different keys run at the same time. */
export class KeyedMutex {
    private readonly mutexes = new Map<string, Mutex>();

    get isEmpty(): boolean {
        return this.mutexes.size === 0;
    }

    /** Returns whether a step of the key has not settled. */
    has(key: string): boolean {
        return this.mutexes.has(key);
    }

    /** Resolves when all steps of the calls so far have settled. */
    async settled(): Promise<void> {
        await Promise.allSettled([...this.mutexes.values()].map(mutex => mutex.settled));
    }

    run<T>(key: string, step: () => Promise<T>): Promise<T> {
        let mutex = this.mutexes.get(key);
        if (mutex === undefined) {
            mutex = new Mutex(() => this.mutexes.delete(key));
            this.mutexes.set(key, mutex);
        }
        return mutex.run(step);
    }

    /** Waits for earlier steps of the key. Resolves to the function that releases the key. */
    acquire(key: string): Promise<() => void> {
        return new Promise(resolve => {
            void this.run(key, () => new Promise<void>(release => resolve(release)));
        });
    }

    /** Runs the step under all keys. Queues for all at once, so such steps never deadlock. */
    async runAll<T>(keys: readonly string[], step: () => Promise<T>): Promise<T> {
        const releases = await Promise.all(keys.map(key => this.acquire(key)));
        try {
            return await step();
        } finally {
            for (const release of releases) release();
        }
    }
}
