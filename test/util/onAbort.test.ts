import { getEventListeners } from 'node:events';
import { onAbort } from '../../src/util/onAbort';

let controller: AbortController;
beforeEach(() => (controller = new AbortController()));

const listenerCount = (): number => getEventListeners(controller.signal, 'abort').length;

describe('onAbort', () => {
    it('calls every callback once, with one listener on the signal', () => {
        const called: number[] = [];
        for (let i = 0; i < 100; i++) onAbort(controller.signal, () => called.push(i));
        expect(listenerCount()).toBe(1);
        expect(called).toEqual([]);
        controller.abort();
        expect(called).toEqual(Array.from({ length: 100 }, (_, i) => i));
    });

    it('calls no removed callback, and removes the listener with the last callback', () => {
        const called: string[] = [];
        const stop = onAbort(controller.signal, () => called.push('a'));
        const stopOther = onAbort(controller.signal, () => called.push('b'));
        stop();
        stop();
        expect(listenerCount()).toBe(1);
        stopOther();
        expect(listenerCount()).toBe(0);
        onAbort(controller.signal, () => called.push('c'));
        expect(listenerCount()).toBe(1);
        controller.abort();
        expect(called).toEqual(['c']);
    });

    it('calls all callbacks even though each removes itself', () => {
        const called: number[] = [];
        const stops = Array.from({ length: 10 }, (_, i) =>
            onAbort(controller.signal, () => {
                called.push(i);
                stops[i]!();
            }),
        );
        controller.abort();
        expect(called.length).toBe(10);
    });

    it('separates the callbacks of two signals', () => {
        const other = new AbortController();
        const called: string[] = [];
        onAbort(controller.signal, () => called.push('one'));
        onAbort(other.signal, () => called.push('other'));
        other.abort();
        expect(called).toEqual(['other']);
    });
});
