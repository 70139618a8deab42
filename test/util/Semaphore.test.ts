import { Semaphore } from '../../src/util/Semaphore';

describe('Semaphore', () => {
    it('runs at most the given number of tasks at a time, in the order of the calls', async () => {
        const semaphore = new Semaphore(3);
        let running = 0;
        let max = 0;
        const order: number[] = [];
        const works = Array.from({ length: 1000 }, (_, i) =>
            semaphore.run(async () => {
                order.push(i);
                max = Math.max(max, ++running);
                await Promise.resolve();
                running--;
                if (i % 7 === 0) throw new Error('own');
                return i;
            }),
        );
        const settled = await Promise.allSettled(works);
        expect(max).toBe(3);
        expect(order).toEqual(Array.from({ length: 1000 }, (_, i) => i));
        expect(settled.filter(({ status }) => status === 'rejected').length).toBe(143);
        expect(await semaphore.run(() => Promise.resolve('again'))).toBe('again');
    });

    it('lets no new call overtake a waiting call', async () => {
        const semaphore = new Semaphore(1);
        const order: string[] = [];
        const add = (name: string) => async () => void order.push(name);
        let end!: () => void;
        const work = new Promise<void>(resolve => (end = resolve));
        const first = semaphore.run(() => work);
        const second = semaphore.run(add('second'));
        // This call comes after the first task has left, and before the second resumes.
        const third = work.then(() => semaphore.run(add('third')));
        end();
        await Promise.all([first, second, third]);
        expect(order).toEqual(['second', 'third']);
    });
});
