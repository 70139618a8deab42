import { KeyedMutex } from '../../src/util/KeyedMutex';

const turn = (): Promise<void> => new Promise(setImmediate);

/** Steps that end when they are told to, and say when they begin. */
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

describe('Turns', () => {
    it('steps of one key are taken one after the other, the first at once', async () => {
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

    it('steps of different keys do not wait for each other', () => {
        const turns = new KeyedMutex();
        const { begun, step } = recorder();
        void turns.run('one', step('a'));
        void turns.run('two', step('b'));
        expect(begun).toEqual(['a', 'b']);
    });

    it('a step that fails is over, and fails for nobody else', async () => {
        const turns = new KeyedMutex();
        const { step, end, fail } = recorder();
        const [a, b] = [turns.run('key', step('a')), turns.run('key', step('b'))];
        fail('a');
        await expect(a).rejects.toThrow('a');
        await turn();
        end('b');
        expect(await b).toBe('b');
    });

    it('nothing is kept of keys whose steps are over', async () => {
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

    it('a step for many keys waits for all of them, and all who come later wait for it', async () => {
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

    it('two steps for the same keys in another order do not wait for each other for ever', async () => {
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

    it('a step for many keys that fails lets the others in', async () => {
        const turns = new KeyedMutex();
        await expect(turns.runAll(['a', 'b'], () => Promise.reject(new Error('own')))).rejects.toThrow('own');
        expect(await turns.run('a', () => Promise.resolve(1))).toBe(1);
        expect(await turns.runAll([], () => Promise.resolve(2))).toBe(2);
    });
});
