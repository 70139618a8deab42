import fc from 'fast-check';
import type { Call } from '../../../src/client/calls/Call';
import { CallList } from '../../../src/client/calls/CallList';
import { NoopCall } from '../../../src/client/calls/serverCalls';

const newCalls = (count: number): Call<unknown>[] => Array.from({ length: count }, () => new NoopCall());

function expectSame(list: CallList, calls: readonly Call<unknown>[]): void {
    // Compares by identity because a deep comparison would read the getters of each call.
    const listed = [...list];
    expect(listed.length).toBe(calls.length);
    expect(listed.every((call, i) => call === calls[i])).toBe(true);
    expect(list.first === (calls[0] ?? null)).toBe(true);
    expect(list.last === (calls.at(-1) ?? null)).toBe(true);
}

describe('CallList', () => {
    it('keeps the order of its calls for any sequence of operations', () => {
        const steps = fc.array(
            fc.oneof(
                fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 0, max: 50 }) }),
                fc.record({ do: fc.constant('shift' as const), count: fc.integer({ min: 0, max: 50 }) }),
                fc.record({ do: fc.constant('prepend' as const), count: fc.integer({ min: 0, max: 50 }) }),
                fc.record({ do: fc.constant('clear' as const), count: fc.constant(0) }),
            ),
            { maxLength: 30 },
        );
        fc.assert(
            fc.property(steps, all => {
                const list = new CallList();
                let model: Call<unknown>[] = [];
                for (const { do: step, count } of all) {
                    const calls = newCalls(count);
                    if (step === 'push') for (const call of calls) list.push(call);
                    if (step === 'push') model.push(...calls);
                    if (step === 'shift') {
                        const shifted = calls.map(() => list.shift());
                        expect(shifted.every(call => call === (model.shift() ?? null))).toBe(true);
                    }
                    if (step === 'prepend') {
                        const other = new CallList();
                        for (const call of calls) other.push(call);
                        list.prepend(other);
                        expectSame(other, []);
                        model = [...calls, ...model];
                    }
                    if (step === 'clear') list.clear();
                    if (step === 'clear') model = [];
                    expectSame(list, model);
                }
            }),
        );
    });

    it('keeps the order after it becomes long and then empty', () => {
        const list = new CallList();
        for (let round = 0; round < 3; round++) {
            const calls = newCalls(10_000);
            for (const call of calls) list.push(call);
            expect(calls.every(call => list.shift() === call)).toBe(true);
            expectSame(list, []);
        }
    });
});
