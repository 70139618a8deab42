import { ConfigParams } from 'pip-services4-components-node';

describe('ConfigParams', () => {
    it('keeps values as text and null as null', () => {
        const config = new ConfigParams({ a: 1, b: true, c: null, d: undefined });
        expect({ ...config }).toEqual({ a: '1', b: 'true', c: null, d: null });
    });

    it('has no own keys but the configuration', () => {
        expect(Object.keys(new ConfigParams())).toEqual([]);
        expect(Object.keys(ConfigParams.fromTuples('a', 1))).toEqual(['a']);
    });

    it('reads an empty text back as null, so that defaults apply', () => {
        const config = ConfigParams.fromTuples('a', '');
        expect(config.get('a')).toBeNull();
        expect(config.getAsStringWithDefault('a', 'x')).toBe('x');
        expect(config.getAsIntegerWithDefault('a', 5)).toBe(5);
    });

    it('returns the default for a value that is not a number', () => {
        expect(ConfigParams.fromTuples('a', 'many').getAsIntegerWithDefault('a', 5)).toBe(5);
        expect(ConfigParams.fromTuples('a', 'many').getAsInteger('a')).toBe(0);
    });

    it('reads true, yes, y, t and 1 as true, and does not know "on"', () => {
        for (const yes of ['true', 'yes', 'y', 't', '1', 'TRUE']) {
            expect(ConfigParams.fromTuples('a', yes).getAsBoolean('a')).toBe(true);
        }
        expect(ConfigParams.fromTuples('a', 'on').getAsNullableBoolean('a')).toBeNull();
    });

    it('tells keys apart by case', () => {
        const config = ConfigParams.fromTuples('Host', 'a', 'host', 'b');
        expect(config.get('Host')).toBe('a');
        expect(config.get('HOST')).toBeNull();
        expect(ConfigParams.fromTuples('A.x', 1, 'a.x', 2).getSection('a').get('x')).toBe('2');
    });

    it('lists section names once, in order of insertion, scalars too', () => {
        const config = ConfigParams.fromTuples('b.x', 1, 'a.y.z', 2, 'b.w', 3, 'd', 4, 'B.x', 5, '.x', 6);
        expect(config.getSectionNames()).toEqual(['b', 'a', 'd', 'B', '.x']);
    });

    it('returns a section without its name, and an empty section when there is none', () => {
        const config = ConfigParams.fromTuples('a.b.c', 1, 'a.d', 2, 'ab.x', 3, 'a', 4);
        expect({ ...config.getSection('a') }).toEqual({ 'b.c': '1', d: '2' });
        expect(config.getSection('z').length()).toBe(0);
    });

    it('adds a section, whose key "" is the value of the section itself', () => {
        const config = new ConfigParams();
        config.addSection('s', new ConfigParams({ a: 1, '': 2 }));
        config.addSection('', new ConfigParams({ z: 3 }));
        expect({ ...config }).toEqual({ 's.a': '1', s: '2', z: '3' });
        expect(() => config.addSection(null as unknown as string, new ConfigParams())).toThrow('Section name');
    });

    it('overrides, fills defaults and merges into copies', () => {
        const config = ConfigParams.fromTuples('a', 1, 'b', 2);
        const other = ConfigParams.fromTuples('b', 3, 'c', 4);
        expect({ ...config.override(other) }).toEqual({ a: '1', b: '3', c: '4' });
        expect({ ...config.setDefaults(other) }).toEqual({ a: '1', b: '2', c: '4' });
        expect({ ...ConfigParams.mergeConfigs(config, null, other) }).toEqual({ a: '1', b: '3', c: '4' });
        expect({ ...config }).toEqual({ a: '1', b: '2' });
    });

    it('flattens objects and lists', () => {
        const config = ConfigParams.fromValue({ a: [{ b: 1 }, { b: 'x' }], c: { d: { e: null } }, f: [], g: {} });
        expect({ ...config }).toEqual({ 'a.0.b': '1', 'a.1.b': 'x', 'c.d.e': null, f: '', g: '[object Object]' });
        expect(ConfigParams.fromValue(null).length()).toBe(0);
    });

    it('parses a line of keys and values', () => {
        const config = ConfigParams.fromString('a=1;b.c=x=y;d');
        expect({ ...config }).toEqual({ a: '1', 'b.c': 'x=y', d: null });
        expect(config).toBeInstanceOf(ConfigParams);
        expect(config.getSection('b').get('c')).toBe('x=y');
    });
});
