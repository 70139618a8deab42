import { ConfigException } from 'pip-services4-commons-node';
import { Descriptor as Descriptor3 } from 'pip-services3-commons-nodex';
import { Descriptor } from 'pip-services4-components-node';

const cache = new Descriptor('pip-services', 'cache', 'memory', 'default', '1.0');

describe('Descriptor', () => {
    it('keeps * as null and writes it as *', () => {
        const descriptor = new Descriptor('a', '*', null, 'd', '*');
        expect([descriptor.getGroup(), descriptor.getType(), descriptor.getKind()]).toEqual(['a', null, null]);
        expect([descriptor.getName(), descriptor.getVersion()]).toEqual(['d', null]);
        expect(descriptor.toString()).toBe('a:*:*:d:*');
        expect(descriptor.isComplete()).toBe(false);
        expect(cache.isComplete()).toBe(true);
    });

    it('matches * on either side, and otherwise compares text', () => {
        expect(cache.match(new Descriptor('*', 'cache', '*', '*', '1.0'))).toBe(true);
        expect(new Descriptor('*', 'cache', '*', '*', '*').match(cache)).toBe(true);
        expect(cache.match(new Descriptor('pip-services', 'cache', 'memory', 'default', '1.1'))).toBe(false);
        expect(cache.match(new Descriptor('*', 'Cache', '*', '*', '*'))).toBe(false);
    });

    it('matches * only with * in an exact match', () => {
        const open = new Descriptor('pip-services', 'cache', '*', 'default', '1.0');
        expect(cache.exactMatch(open)).toBe(false);
        expect(open.exactMatch(cache)).toBe(false);
        expect(open.exactMatch(Descriptor.fromString('pip-services:cache:*:default:1.0') as Descriptor)).toBe(true);
    });

    it('equals a matching descriptor of another copy of the class', () => {
        const foreign = new Descriptor3('*', 'cache', 'memory', '*', '1.0');
        expect(foreign).not.toBeInstanceOf(Descriptor);
        expect(cache.equals(foreign)).toBe(true);
        expect(foreign.equals(cache)).toBe(true);
        expect(cache.equals(new Descriptor3('*', 'lock', '*', '*', '*'))).toBe(false);
    });

    it('equals a matching descriptor whose class a bundler has renamed', () => {
        class a extends Descriptor {}
        expect(cache.equals(new a('*', 'cache', 'memory', '*', '1.0'))).toBe(true);
        expect(cache.equals(new a('*', 'lock', '*', '*', '*'))).toBe(false);
    });

    it('equals nothing that is not a descriptor, and null does not throw', () => {
        class Descriptor {}
        const group = { getGroup: () => '*' };
        for (const value of [null, undefined, cache.toString(), 5, {}, Object.create(null), new Descriptor(), group]) {
            expect(cache.equals(value)).toBe(false);
        }
    });

    it('parses text with trimmed parts, and an empty text to null', () => {
        const descriptor = Descriptor.fromString(' pip-services : cache:* :default: 1.0 ');
        expect(descriptor?.toString()).toBe('pip-services:cache:*:default:1.0');
        expect(Descriptor.fromString('')).toBeNull();
        expect(Descriptor.fromString(null)).toBeNull();
    });

    it.each(['a:b:c:d', 'a:b:c:d:e:f', 'a'])('rejects %s with BAD_DESCRIPTOR', text => {
        const parse = () => Descriptor.fromString(text);
        expect(parse).toThrow(ConfigException);
        expect(parse).toThrow(expect.objectContaining({ code: 'BAD_DESCRIPTOR', details: { descriptor: text } }));
    });
});
