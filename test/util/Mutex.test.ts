import { Mutex } from '../../src/util/KeyedMutex';

const settle = (): Promise<void> => new Promise(setImmediate);

describe('Mutex', () => {
    it('runs the first step at once, and each further step after the previous steps', async () => {
        const mutex = new Mutex();
        const events: string[] = [];
        const ends: (() => void)[] = [];
        const step = (name: string) => () => {
            events.push(name);
            return new Promise<string>(resolve => ends.push(() => resolve(name)));
        };
        const done = Promise.all(['a', 'b', 'c'].map(name => mutex.run(step(name))));
        expect(events).toEqual(['a']);
        for (const began of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
            await settle();
            expect(events).toEqual(began);
            ends.shift()!();
        }
        expect(await done).toEqual(['a', 'b', 'c']);
    });

    it('runs the next step as soon as the previous step has settled, even with an error', async () => {
        let freed = 0;
        const mutex = new Mutex(() => freed++);
        await expect(mutex.run(() => Promise.reject(new Error('own')))).rejects.toThrow('own');
        expect(freed).toBe(1);
        let isBegun = false;
        const done = mutex.run(async () => {
            isBegun = true;
        });
        expect(isBegun).toBe(true);
        await done;
        expect(freed).toBe(2);
    });

    it('runs a step after a failed step', async () => {
        const mutex = new Mutex();
        const failed = mutex.run(() => Promise.reject(new Error('own')));
        const done = mutex.run(() => Promise.resolve(5));
        await expect(failed).rejects.toThrow('own');
        expect(await done).toBe(5);
    });
});
