import { codeOf } from '../../support/codeOf';
import type { Verbs } from '.';

/** Every byte, line ends and the words of a reply. No protocol may parse a value. */
const BYTES = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, i) => i)), Buffer.from('\r\nEND\r\nEN\r\n')]);
const LARGE = 512 * 1024;
/** The smallest Unix time that memcached accepts, 30 days and a second. It is in the past. */
const LONG_AGO = 30 * 24 * 60 * 60 + 1;

/** Verbs that read, move or remove one item, with all kinds of keys and values. */
export const itemVerbs: Verbs = {
    get: async ({ client, key }) => {
        expect(await client.get(key)).toMatchObject({ value: null, flags: null });
        await client.set(key, 'value');
        const { value, flags } = await client.get(key);
        expect([value?.toString(), flags]).toEqual(['value', Buffer.alloc(4)]);
    },
    gets: async ({ client, key }) => {
        expect(await client.gets(key)).toMatchObject({ value: null, cas: 0n });
        await client.set(key, 'value');
        const { value, cas } = await client.gets(key);
        expect([value?.toString(), cas > 0n]).toEqual(['value', true]);
        await client.set(key, 'value');
        expect((await client.gets(key)).cas).toBeGreaterThan(cas);
    },
    getText: async ({ client, key }) => {
        expect(await client.getText(key)).toBeNull();
        await client.set(key, 'grün');
        expect(await client.getText(key)).toBe('grün');
    },
    flags: async ({ client, key }) => {
        for (const flags of [1, 0x80000000, 0xffffffff]) {
            await client.set(key, 'value', { flags });
            expect((await client.gets(key)).flagBits).toBe(flags);
        }
    },
    'empty value': async ({ client, key }) => {
        await client.set(key, '');
        expect((await client.gets(key)).value).toEqual(Buffer.alloc(0));
    },
    'binary value': async ({ client, key }) => {
        await client.set(key, BYTES);
        expect((await client.gets(key)).value).toEqual(BYTES);
    },
    '512 KiB value': async ({ client, key }) => {
        const value = Buffer.alloc(LARGE, BYTES);
        await client.set(key, value);
        expect(value.equals((await client.gets(key)).value!)).toBe(true);
        const text = 'ü'.repeat(LARGE / 2);
        await client.set(key, text);
        expect((await client.getText(key)) === text).toBe(true);
    },
    'too large value': async ({ client, key }) => {
        const value = Buffer.alloc(2 * LARGE);
        expect(await codeOf(client.set(key, value))).toBe('VALUE_TOO_LARGE');
        // The connection remains usable.
        expect(await codeOf(client.add(key, value))).toBe('VALUE_TOO_LARGE');
        await client.set(key, 'small');
        expect(await client.getText(key)).toBe('small');
    },
    'non-ASCII key': async ({ client, key }) => {
        const keys = ['grün', '鍵', '🔑', '\u00a0'].map(part => `${key}-${part}`);
        for (const one of keys) await client.set(one, one);
        for (const one of keys) expect(await client.getText(one)).toBe(one);
        for (const one of keys) expect(await client.delete(one)).toBe(true);
    },
    '250 byte key': async ({ client, key }) => {
        const long = key.padEnd(250, 'k');
        await client.set(long, 'value');
        expect(await client.getText(long)).toBe('value');
        expect((await client.getMany([long])).items.size).toBe(1);
    },
    touch: async ({ client, key }) => {
        expect(await client.touch(key, 100)).toBe(false);
        await client.set(key, 'value', { expires: 100 });
        expect(await client.touch(key, 0)).toBe(true);
        expect(await client.touch(key, LONG_AGO)).toBe(true);
        expect(await client.getText(key)).toBeNull();
    },
    getAndTouch: async ({ client, key }) => {
        expect((await client.getAndTouch(key, 100)).value).toBeNull();
        await client.set(key, 'value', { flags: 7 });
        const { value, flagBits } = await client.getAndTouch(key, LONG_AGO);
        expect([value?.toString(), flagBits]).toEqual(['value', 7]);
        expect(await client.getText(key)).toBeNull();
    },
    getAndDelete: async ({ client, key }) => {
        expect(await client.getAndDelete(key)).toBeNull();
        await client.set(key, 'value');
        expect(await client.getAndDelete(key)).toBe('value');
        expect(await client.getText(key)).toBeNull();
    },
    delete: async ({ client, key }) => {
        expect(await client.delete(key)).toBe(false);
        await client.set(key, 'value');
        expect(await client.delete(key)).toBe(true);
        expect(await client.getText(key)).toBeNull();
    },
    'delete with CAS': async ({ client, key }) => {
        expect(await client.casDelete(key, 1n)).toBe('missing');
        await client.set(key, 'value');
        const { cas } = await client.gets(key);
        expect(await client.casDelete(key, cas + 1n)).toBe('changed');
        expect(await client.casDelete(key, cas)).toBe('deleted');
        expect(await client.getText(key)).toBeNull();
    },
};
