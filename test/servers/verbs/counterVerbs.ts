import { codeOf } from '../../support/codeOf';
import type { Verbs } from '.';

const MAX = 2n ** 64n - 1n;

export const counterVerbs: Verbs = {
    increment: async ({ client, key }) => {
        expect(await client.increment(key, 5, { initial: 10 })).toEqual({ success: true, value: 10n });
        expect(await client.increment(key, 5)).toEqual({ success: true, value: 15n });
    },
    'increment, 64 bits': async ({ client, key }) => {
        const initial = MAX - 2n;
        expect(await client.increment(key, 1, { initial, expires: 100 })).toEqual({ success: true, value: initial });
        expect(await client.increment(key, 2)).toEqual({ success: true, value: MAX });
        expect(await client.increment(key, 1)).toEqual({ success: true, value: 0n });
        expect(await client.increment(key, MAX)).toEqual({ success: true, value: MAX });
    },
    'increment, missing': async ({ client, key }) => {
        expect(await client.increment(key, 1, { initial: null })).toEqual({ success: false, value: null });
        expect(await client.getText(key)).toBeNull();
    },
    'increment a text': async ({ client, key }) => {
        await client.set(key, 'text');
        expect(await codeOf(client.increment(key, 1))).toBe('NOT_A_NUMBER');
        expect(await client.getText(key)).toBe('text');
    },
    decrement: async ({ client, key }) => {
        expect(await client.decrement(key, 1, { initial: 10 })).toEqual({ success: true, value: 10n });
        expect(await client.decrement(key, 4)).toEqual({ success: true, value: 6n });
        expect(await client.decrement(key, 7)).toEqual({ success: true, value: 0n });
    },
};
