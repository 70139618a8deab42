/** Steps that concern one key, one after the other; those of different keys do not wait for each other. */
export class KeyedMutex {
    private readonly last = new Map<string, Promise<unknown>>();

    /** Nobody has to wait for anybody. */
    get isEmpty(): boolean {
        return this.last.size === 0;
    }

    /** The step is taken when those before it have settled, in whatever way. */
    run<T>(key: string, step: () => Promise<T>): Promise<T> {
        const before = this.last.get(key);
        const done = before === undefined ? step() : before.then(step, step);
        this.last.set(key, done);
        const leave = (): void => {
            if (this.last.get(key) === done) this.last.delete(key);
        };
        done.then(leave, leave);
        return done;
    }

    /** Resolves when it is its turn, which lasts until the function is called that it resolves to. */
    acquire(key: string): Promise<() => void> {
        return new Promise(resolve => {
            void this.run(key, () => new Promise<void>(end => resolve(end)));
        });
    }

    /** One step for many keys. All of them are queued for at once, so that two such steps never wait for each other. */
    async runAll<T>(keys: readonly string[], step: () => Promise<T>): Promise<T> {
        const ends = await Promise.all(keys.map(key => this.acquire(key)));
        try {
            return await step();
        } finally {
            for (const end of ends) end();
        }
    }
}
