import type { Verbs } from '.';

const keysOf = (key: string): string[] => Array.from({ length: 300 }, (_, i) => `${key}-${i}`);

export const batchVerbs: Verbs = {
    getMany: async ({ client, key }) => {
        const keys = keysOf(key);
        const present = keys.filter((_, i) => i % 3 === 0);
        await Promise.all(present.map((one, flags) => client.set(one, `value of ${one}`, { flags })));
        const { items, failed } = await client.getMany(keys);
        expect(failed.size).toBe(0);
        expect([...items].map(([one, { value, flagBits }]) => [one, value?.toString(), flagBits]).sort()).toEqual(
            present.map((one, flags) => [one, `value of ${one}`, flags]).sort(),
        );
        const [first] = present;
        expect(items.get(first!)!.cas).toBe((await client.gets(first!)).cas);
    },
    setMany: async ({ client, key }) => {
        const keys = keysOf(key);
        const { failed } = await client.setMany(keys.map(one => [one, `value of ${one}`, 4]));
        expect(failed.size).toBe(0);
        for (const one of [keys[0]!, keys.at(-1)!]) {
            const { value, flagBits } = await client.gets(one);
            expect([value?.toString(), flagBits]).toEqual([`value of ${one}`, 4]);
        }
        expect((await client.getMany(keys)).items.size).toBe(keys.length);
    },
    'setMany, 100 KiB': async ({ client, key }) => {
        const keys = keysOf(key);
        const value = 'x'.repeat(350);
        expect((await client.setMany(keys.map(one => [one, value]))).failed.size).toBe(0);
        expect((await client.getMany(keys)).items.size).toBe(keys.length);
    },
    'setMany, one too large': async ({ client, key }) => {
        const entries = [0, 1, 2].map(i => [`${key}-${i}`, i === 1 ? Buffer.alloc(2 ** 20) : 'small'] as const);
        const { failed } = await client.setMany(entries);
        expect([...failed].map(([one, error]) => [one, (error as { code?: string }).code])).toEqual([
            [`${key}-1`, 'VALUE_TOO_LARGE'],
        ]);
        expect((await client.getMany(entries.map(([one]) => one))).items.size).toBe(2);
    },
    deleteMany: async ({ client, key }) => {
        const keys = keysOf(key);
        const present = keys.filter((_, i) => i % 2 === 0);
        await client.setMany(present.map(one => [one, 'value']));
        expect((await client.deleteMany(keys)).failed.size).toBe(0);
        expect((await client.getMany(keys)).items.size).toBe(0);
    },
};
