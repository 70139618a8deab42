import { toKey, toPrefix } from '../../src/keyv/keys';

const HASH = /^sha256:[\w-]{43}$/;

describe('a key', () => {
    it.each(['k', 'users:1', 'GET /a?b=c'.replace(' ', ':'), '#namespace', 'x'.repeat(100)])('stays %s', key => {
        expect(toKey(key, 100)).toBe(key);
    });

    it.each([
        ['too long', 'x'.repeat(101)],
        ['empty', ''],
        ['with a space', 'a b'],
        ['with a line break, which would end a command', 'a\r\nset b 0 0 1'],
        ['with a control character', 'a\u0000b'],
        ['with other characters than ASCII', 'ü'],
        ['that ends with a line break', 'a\n'],
        ['that looks like a hash', `sha256:${'A'.repeat(43)}`],
    ])('is hashed if it is %s', (_, key) => {
        expect(toKey(key, 100)).toMatch(HASH);
    });

    it('differs from any other key', () => {
        const long = 'x'.repeat(300);
        const keys = [long, `${long}y`, 'a b', 'a\tb', '\ud800', '\ud801', '\ufffd', 'ü', 'u\u0308', '', ' '];
        const hashed = keys.map(key => toKey(key, 100));
        // A key that is the hash of another one, and the hash of that hash.
        const imitated = hashed.map(key => toKey(key, 100));
        const again = imitated.map(key => toKey(key, 100));
        expect(new Set([...keys, ...hashed, ...imitated, ...again]).size).toBe(4 * keys.length);
        expect(new Set([...hashed, ...imitated, ...again]).size).toBe(3 * keys.length);
    });
});

describe('a prefix', () => {
    it('lists the namespaces, the outermost first', () => {
        expect(toPrefix(['my-app', 'users'])).toBe('my-app:users#');
        expect(toPrefix(['my-app', ''])).toBe('my-app#');
        expect(toPrefix(['', 'keyv'])).toBe('keyv#');
    });

    it('is never empty, because clear needs one', () => {
        expect(toPrefix(['', ''])).toBe('keyv#');
    });

    it.each([
        ['is long', 'n'.repeat(65)],
        ['has a space', 'my app'],
        ['could be taken for a token of clear', '#12345678'],
        ['looks like a hash', `sha256:${'A'.repeat(43)}`],
    ])('is a hash if the namespace %s', (_, namespace) => {
        expect(toPrefix([namespace])).toMatch(/^sha256:[\w-]{43}#$/);
    });
});
