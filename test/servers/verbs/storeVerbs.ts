import type { Verbs } from '.';

/** Verbs that store one item. */
export const storeVerbs: Verbs = {
    set: async ({ client, key }) => {
        for (const value of ['first', 'second']) {
            expect(await client.set(key, value, { expires: 100 })).toBe(true);
            expect(await client.getText(key)).toBe(value);
        }
    },
    'set, expired': async ({ client, key }) => {
        await client.set(key, 'value');
        await client.set(key, 'other', { expires: 30 * 24 * 60 * 60 + 1 });
        expect(await client.getText(key)).toBeNull();
    },
    add: async ({ client, key }) => {
        expect(await client.add(key, 'first', { flags: 5 })).toBe(true);
        expect(await client.add(key, 'second')).toBe(false);
        const { value, flagBits } = await client.gets(key);
        expect([value?.toString(), flagBits]).toEqual(['first', 5]);
    },
    replace: async ({ client, key }) => {
        expect(await client.replace(key, 'first')).toBe(false);
        expect(await client.getText(key)).toBeNull();
        await client.set(key, 'first');
        expect(await client.replace(key, 'second')).toBe(true);
        expect(await client.getText(key)).toBe('second');
    },
    casAdd: async ({ client, key }) => {
        const cas = await client.casAdd(key, 'first');
        expect(cas).toBe((await client.gets(key)).cas);
        expect(await client.casAdd(key, 'second')).toBeNull();
        expect(await client.getText(key)).toBe('first');
    },
    casSet: async ({ client, key }) => {
        expect(await client.casSet(key, 'value', 1n)).toMatchObject({ outcome: 'missing' });
        await client.set(key, 'first');
        const { cas } = await client.gets(key);
        expect(await client.casSet(key, 'second', cas + 1n)).toMatchObject({ outcome: 'changed' });
        const stored = await client.casSet(key, 'second', cas, { flags: 3 });
        expect(stored.outcome).toBe('stored');
        const item = await client.gets(key);
        expect([item.value?.toString(), item.flagBits, item.cas]).toEqual(['second', 3, stored.cas]);
        expect(await client.casSet(key, 'third', cas)).toMatchObject({ outcome: 'changed' });
    },
    append: async ({ client, key }) => {
        expect(await client.append(key, 'b')).toBe(false);
        await client.set(key, 'a', { flags: 9 });
        expect(await client.append(key, Buffer.from('\r\nb'))).toBe(true);
        const { value, flagBits } = await client.gets(key);
        expect([value?.toString(), flagBits]).toEqual(['a\r\nb', 9]);
    },
    prepend: async ({ client, key }) => {
        expect(await client.prepend(key, 'b')).toBe(false);
        await client.set(key, 'a');
        expect(await client.prepend(key, 'b')).toBe(true);
        expect(await client.getText(key)).toBe('ba');
    },
};
