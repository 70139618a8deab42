import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigException, FileException } from 'pip-services4-commons-node';
import { ConfigParams, Context } from 'pip-services4-components-node';
import { ConfigReader, JsonConfigReader, MemoryConfigReader, YamlConfigReader } from 'pip-services4-config-node';

const context = Context.fromTraceId('abc');
const folder = mkdtempSync(join(tmpdir(), 'config-readers-'));
const file = (content: string) => {
    const path = join(folder, 'config');
    writeFileSync(path, content);
    return path;
};
const parameters = ConfigParams.fromTuples('host', 'cache', 'EMPTY', '', 'no', 'false', 'quoted', 'a"b\\c\n');
const yaml = (content: string) => ({ ...YamlConfigReader.readConfig(context, file(content), parameters) });

afterAll(() => rmSync(folder, { recursive: true }));

class Template extends ConfigReader {
    public async readConfig(): Promise<ConfigParams> {
        return new ConfigParams();
    }
    public fill(text: string, values: ConfigParams | null = parameters): string {
        return this.parameterize(text, values);
    }
}

describe('The mustache pass', () => {
    const fill = (text: string) => new Template().fill(text);

    it.each([
        ['{{host}}:{{ host }}', 'cache:cache', 'puts values in'],
        ['{{HOST}} {{empty}}|{{No}}', 'cache |false', 'looks names up whatever their case'],
        ['<{{unset}}>', '<>', 'takes what is not set for an empty text'],
        ['{{quoted}}', 'a"b\\c\n', 'leaves {{X}} raw'],
        ['{{{quoted}}} {{{ host }}} <{{{unset}}}>', 'a\\"b\\\\c\\n cache <>', 'escapes {{{X}}} for JSON'],
        ['{{#host}}yes{{/host}}{{#unset}}no{{/unset}}', 'yes', 'shows a section when its variable is set'],
        ['{{#no}}yes{{/no}}{{#empty}}no{{/empty}}', 'yes', 'takes "false" for set and an empty text for not set'],
        ['{{^host}}no{{/host}}{{^unset}}yes{{/unset}}', 'yes', 'shows an inverted section when it is not'],
        ['{{#if host}}yes{{/if}}{{#if unset}}no{{/if}}', 'yes', 'knows if'],
        ['{{#unless host}}no{{/unless}}{{#unless unset}}yes{{/unless}}', 'yes', 'knows unless'],
        ['{{#host}}a{{^no}}b{{#host}}c{{/host}}{{/no}}d{{/host}}', 'ad', 'nests sections'],
        ['{{#if unset}}{{#if host}}a{{/if}}b{{/if}}c', 'c', 'hides everything within a hidden section'],
        ['{"a": {"b": {}}} }}', '{"a": {"b": {}}} }}', 'leaves single and closing brackets alone'],
    ])('%s → %s: %s', (template, expected) => expect(fill(template)).toBe(expected));

    it.each([
        ['{{a.b}}', 'a dotted name'],
        ['{{! note }}', 'a comment'],
        ['{{}}', 'no name'],
        ['{{a b}}', 'two names'],
        ['{{host', 'a tag without end'],
        ['{{host}}}', 'brackets that do not pair'],
        ['{{{host}} }', 'brackets that do not pair'],
        ['{{{#host}}}', 'a section in three brackets'],
        ['{{#host}}x', 'a section without end'],
        ['x{{/host}}', 'an end without section'],
        ['{{#host}}x{{/no}}', 'an end of another section'],
        ['{{#if host}}x{{/unless}}', 'an end of another helper'],
    ])('rejects %s with BAD_TEMPLATE: %s', template => {
        expect(() => fill(template)).toThrow(ConfigException);
        expect(() => fill(template)).toThrow(expect.objectContaining({ code: 'BAD_TEMPLATE' }));
    });

    it('names the tag in the details', () => {
        expect(() => fill('a {{b.c}} d')).toThrow(expect.objectContaining({ details: { tag: '{{b.c}}' } }));
    });

    it('takes variables from its configuration when the call passes none', () => {
        const reader = new Template();
        reader.configure(ConfigParams.fromTuples('parameters.a', 1, 'parameters.b', 2));
        expect(reader.fill('{{a}}{{b}}', ConfigParams.fromTuples('b', 3))).toBe('13');
        expect(reader.fill('{{a}}{{b}}', null)).toBe('12');
        reader.configure(ConfigParams.fromTuples('path', 'x'));
        expect(reader.fill('{{a}}', null)).toBe('1');
    });
});

describe('YamlConfigReader', () => {
    it('flattens a map, and renders its variables', () => {
        expect(yaml('connection:\n  host: {{HOST}}\n{{#unset}}  port: 1{{/unset}}\nlist:\n  - a: true')).toEqual({
            'connection.host': 'cache',
            'list.0.a': 'true',
        });
    });

    it('reads an unset variable as nothing, so that defaults apply', () => {
        expect(yaml('port: {{unset}}')).toEqual({ port: null });
    });

    it('flattens a list into numbered sections', () => {
        expect(yaml('- descriptor: a\n- descriptor: b')).toEqual({ '0.descriptor': 'a', '1.descriptor': 'b' });
    });

    it.each(['', '\n', '# nothing but a comment', '{{unset}}'])('reads %j as an empty configuration', content => {
        expect(yaml(content)).toEqual({});
    });

    it('reads `yes` as a string beside a merged anchor (`<<`)', () => {
        const content = 'base: &base {a: 1, b: 2}\nother:\n  <<: *base\n  b: yes';
        expect(yaml(content)).toEqual({ 'base.a': '1', 'base.b': '2', 'other.a': '1', 'other.b': 'yes' });
    });

    it('rejects a file of several documents', () => {
        expect(() => yaml('a: 1\n---\nb: 2')).toThrow('expected one YAML document, found several');
    });

    it('reads through an instance, configured with a path and parameters', async () => {
        const reader = new YamlConfigReader();
        reader.configure(ConfigParams.fromTuples('path', file('a: {{x}}'), 'parameters.x', 5));
        expect({ ...(await reader.readConfig(context, null)) }).toEqual({ a: '5' });
        expect(reader.readObject(context, ConfigParams.fromTuples('x', 6))).toEqual({ a: 6 });
        expect(YamlConfigReader.readObject(context, file('a: [1]'), null)).toEqual({ a: [1] });
    });

    it('keeps its path after a configuration without one', () => {
        const reader = new YamlConfigReader('there');
        reader.configure(new ConfigParams());
        expect(reader.getPath()).toBe('there');
        reader.setPath('elsewhere');
        expect(reader.getPath()).toBe('elsewhere');
    });

    it.each([
        ['is not YAML', 'a: [', /flow/],
        ['is a bare word', 'connection', /string, not a map or a list/],
        ['is a bare number', '42', /number, not a map or a list/],
        ['has a comment tag', 'a: {{! b }}', /is no tag/],
    ])('rejects with READ_FAILED when the content %s', async (_what, content, cause) => {
        const path = file(content);
        const error: unknown = await new YamlConfigReader(path).readConfig(context, null).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(FileException);
        expect(error).toMatchObject({ code: 'READ_FAILED', trace_id: 'abc', details: { path } });
        expect((error as FileException).cause).toMatch(cause);
        expect((error as FileException).message).toContain(path);
    });

    it('rejects with READ_FAILED when there is no file', async () => {
        const path = join(folder, 'missing.yml');
        await expect(new YamlConfigReader(path).readConfig(context, null)).rejects.toMatchObject({
            code: 'READ_FAILED',
            details: { path },
            cause: expect.stringContaining('ENOENT') as string,
        });
        expect(() => YamlConfigReader.readConfig(context, path, null)).toThrow(FileException);
    });

    it('rejects with NO_PATH when it has no path', async () => {
        const error: unknown = await new YamlConfigReader().readConfig(context, null).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(ConfigException);
        expect(error).toMatchObject({ code: 'NO_PATH', trace_id: 'abc' });
    });
});

describe('JsonConfigReader', () => {
    it('flattens an object, with its variables escaped', async () => {
        const path = file('{"a": {"b": "{{{quoted}}}"}, "c": [1]}');
        const expected = { 'a.b': 'a"b\\c\n', 'c.0': '1' };
        expect({ ...(await new JsonConfigReader(path).readConfig(context, parameters)) }).toEqual(expected);
        expect({ ...JsonConfigReader.readConfig(context, path, parameters) }).toEqual(expected);
        expect(JsonConfigReader.readObject(context, path, parameters)).toEqual({ a: { b: 'a"b\\c\n' }, c: [1] });
    });

    it.each(['{', '"text"', 'a: 1'])('rejects %s with READ_FAILED', content => {
        const path = file(content);
        expect(() => JsonConfigReader.readConfig(context, path, null)).toThrow(
            expect.objectContaining({ code: 'READ_FAILED', details: { path } }),
        );
    });

    it('rejects with NO_PATH when it has no path', async () => {
        await expect(new JsonConfigReader().readConfig(context, null)).rejects.toMatchObject({ code: 'NO_PATH' });
    });
});

describe('MemoryConfigReader', () => {
    it('returns a copy of its configuration with rendered variables', async () => {
        const config = ConfigParams.fromTuples('a', '{{host}};b', 'c', '{{#unset}}1{{/unset}}', 'd', null);
        const reader = new MemoryConfigReader();
        reader.configure(config);
        const read = await reader.readConfig(context, parameters);
        expect(read.getAsObject()).toEqual({ a: 'cache;b', c: '', d: '' });
        expect(config.get('a')).toBe('{{host}};b');
        expect({ ...(await new MemoryConfigReader(config).readConfig(context, null)) }).toEqual({ ...config });
        expect({ ...(await new MemoryConfigReader().readConfig(context, parameters)) }).toEqual({});
    });

    it('rejects a value that is not a template with BAD_TEMPLATE', async () => {
        const reader = new MemoryConfigReader(ConfigParams.fromTuples('a', '{{b.c}}'));
        await expect(reader.readConfig(context, parameters)).rejects.toMatchObject({ code: 'BAD_TEMPLATE' });
    });
});
