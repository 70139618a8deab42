/** Steps that concern one key, one after the other; those of different keys do not wait for each other. */
export class Turns {
    private readonly last = new Map<string, Promise<unknown>>();

    /** Nobody has to wait for anybody. */
    get isEmpty(): boolean {
        return this.last.size === 0;
    }

    /** The step is taken when those before it have settled, in whatever way. */
    take<T>(key: string, step: () => Promise<T>): Promise<T> {
        const before = this.last.get(key);
        const done = before === undefined ? step() : before.then(step, step);
        this.last.set(key, done);
        const leave = (): void => {
            if (this.last.get(key) === done) this.last.delete(key);
        };
        done.then(leave, leave);
        return done;
    }

    /** One step for many keys. */
    takeAll<T>(keys: readonly string[], step: () => Promise<T>): Promise<T> {
        let isDone: () => void;
        const done = new Promise<void>(resolve => (isDone = resolve));
        const turns = keys.map(key => {
            return new Promise<void>(resolve => {
                void this.take(key, () => {
                    resolve();
                    return done;
                });
            });
        });
        return Promise.all(turns)
            .then(step)
            .finally(() => isDone());
    }

    /** As `take`; who has not had his turn after so many ms gives it up. A step that has begun is waited for. */
    takeWithin<T>(key: string, step: () => Promise<T>, ms: number, late: () => Error): Promise<T> {
        return new Promise((resolve, reject) => {
            let isLate = false;
            const timer = setTimeout(() => {
                isLate = true;
                reject(late());
            }, ms);
            const begin = async (): Promise<void> => {
                if (isLate) return;
                clearTimeout(timer);
                resolve(await step());
            };
            this.take(key, begin).catch(reject);
        });
    }
}
