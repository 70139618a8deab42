import { KeyedMutex } from '../../src/util/KeyedMutex';

const turn = (): Promise<void> => new Promise(setImmediate);

/** Creates steps that record their start and end on demand. */
function recorder() {
    const begun: string[] = [];
    const ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
    const step = (name: string) => () => {
        begun.push(name);
        return new Promise<string>((resolve, reject) => ends.set(name, { resolve: () => resolve(name), reject }));
    };
    return {
        begun,
        step,
        end: (name: string) => ends.get(name)!.resolve(),
        fail: (name: string) => ends.get(name)!.reject(new Error(name)),
    };
}

describe('KeyedMutex', () => {
    it('runs the steps of one key one after another, the first at once', async () => {
        const turns = new KeyedMutex();
        const { begun, step, end } = recorder();
        const all = ['a', 'b', 'c'].map(name => turns.run('key', step(name)));
        expect(begun).toEqual(['a']);
        for (const name of ['a', 'b', 'c']) {
            expect(begun[begun.length - 1]).toBe(name);
            end(name);
            await turn();
        }
        expect(await Promise.all(all)).toEqual(['a', 'b', 'c']);
    });

    it('runs steps of different keys at the same time', () => {
        const turns = new KeyedMutex();
        const { begun, step } = recorder();
        void turns.run('one', step('a'));
        void turns.run('two', step('b'));
        expect(begun).toEqual(['a', 'b']);
    });

    it('runs the next step after a failed step, and rejects only the failed step', async () => {
        const turns = new KeyedMutex();
        const { step, end, fail } = recorder();
        const [a, b] = [turns.run('key', step('a')), turns.run('key', step('b'))];
        fail('a');
        await expect(a).rejects.toThrow('a');
        await turn();
        end('b');
        expect(await b).toBe('b');
    });

    it('forgets a key when its last step has settled', async () => {
        const turns = new KeyedMutex();
        const { step, end, fail } = recorder();
        expect(turns.isEmpty).toBe(true);
        const [a, b] = [turns.run('one', step('a')), turns.run('two', step('b'))];
        const many = turns.runAll(['one', 'three', 'four'], () => Promise.resolve(5));
        expect(turns.isEmpty).toBe(false);
        end('a');
        fail('b');
        await expect(b).rejects.toThrow();
        expect([await a, await many]).toEqual(['a', 5]);
        await turn();
        expect(turns.isEmpty).toBe(true);
    });

    it('runs a step for many keys after all earlier steps and before all later steps', async () => {
        const turns = new KeyedMutex();
        const { begun, step, end } = recorder();
        void turns.run('one', step('a'));
        void turns.run('two', step('b'));
        const many = turns.runAll(['one', 'two', 'three'], step('many'));
        void turns.run('three', step('c'));
        end('a');
        await turn();
        expect(begun).toEqual(['a', 'b']);
        end('b');
        await turn();
        expect(begun).toEqual(['a', 'b', 'many']);
        end('many');
        await many;
        await turn();
        expect(begun).toEqual(['a', 'b', 'many', 'c']);
    });

    it('runs steps for the same keys in opposite orders without a deadlock', async () => {
        const turns = new KeyedMutex();
        const order: number[] = [];
        await Promise.all(
            Array.from({ length: 50 }, (_, i) => {
                const keys = ['a', 'b', 'c', 'd'];
                return turns.runAll(i % 2 ? keys : keys.reverse(), async () => {
                    await turn();
                    order.push(i);
                });
            }),
        );
        expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i));
    });

    it('runs later steps after a failed step for many keys', async () => {
        const turns = new KeyedMutex();
        await expect(turns.runAll(['a', 'b'], () => Promise.reject(new Error('own')))).rejects.toThrow('own');
        expect(await turns.run('a', () => Promise.resolve(1))).toBe(1);
        expect(await turns.runAll([], () => Promise.resolve(2))).toBe(2);
    });
});
