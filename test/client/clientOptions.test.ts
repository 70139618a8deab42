import { join } from 'node:path';
import * as ts from 'typescript';
import { MemcachedClient } from 'pip-services4-memcached-node';
import { CLIENT_NUMBERS, readClientOptions } from '../../src/client/model/ClientOptions';
import { OPTIONS } from '../../src/connect/MemcachedOptions';
import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import { root } from '../support/root';

const open = useOpener();
const at = [{ host: '127.0.0.1', port: 1 }];
const create = (options: unknown): MemcachedClient => new MemcachedClient(at, options as object);
const numbers = Object.entries(CLIENT_NUMBERS);
const notNumbers = [
    NaN,
    Infinity,
    -Infinity,
    1.5,
    '5',
    '',
    null,
    true,
    {},
    [],
    [5],
    5n,
    () => 5,
    new Date(),
    new Number(5),
];
const nothing = (): void => {};

function refusal(name: string, allowed: string): Error {
    return expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(`^invalid client option ${name}: expected ${allowed}`),
    }) as Error;
}

describe.each(numbers)('%s', (name, { min, max, default: byDefault }) => {
    it('has its default when it is absent or undefined', () => {
        expect(readClientOptions({})).toMatchObject({ [name]: byDefault });
        expect(readClientOptions({ [name]: undefined })).toMatchObject({ [name]: byDefault });
    });

    it('accepts both ends of its range', () => {
        expect(readClientOptions({ [name]: min })).toMatchObject({ [name]: min });
        expect(readClientOptions({ [name]: max })).toMatchObject({ [name]: max });
    });

    it('rejects numbers outside its range and other types', () => {
        for (const value of [min - 1, max + 1, ...notNumbers]) {
            expect(() => create({ [name]: value })).toThrow(refusal(name, `whole numbers from ${min} to ${max}`));
        }
    });
});

it.each([null, 0, 1, 'true', {}])('rejects %p as failover', value => {
    expect(() => create({ failover: value })).toThrow(refusal('failover', 'true or false'));
});

it.each([null, nothing, {}, { onDown: nothing }, { onUp: nothing }, { onDown: nothing, onUp: true }, 'console'])(
    'rejects %p as an observer',
    observer => {
        expect(() => create({ observer })).toThrow(refusal('observer', 'an object with the functions onDown and onUp'));
    },
);

it.each([
    'expires',
    'serializer',
    'timeout',
    'conntimeout',
    'username',
    'password',
    'logger',
    'failoverTime',
    'retry_delay',
    'keepAlive',
    'keepAliveDelay',
    'requestTimeout',
    'constructor',
    '__proto__',
])('rejects the unknown option %s', name => {
    const options = Object.defineProperty({}, name, { value: 1, enumerable: true });
    expect(() => create(options)).toThrow(refusal(name, 'one of .*requestTimeoutMs.*docs/migration.md'));
});

it.each([null, 5, 'host', nothing])('rejects %p as options', options => {
    expect(() => create(options)).toThrow(refusal('options', 'an object'));
});

it('has the same defaults and ranges as the component options', () => {
    const described = new Map(Object.values(OPTIONS).map(one => [one.key, one]));
    const names = {
        poolSize: 'pool_size',
        retries: 'retries',
        maxPending: 'max_pending',
        requestTimeoutMs: 'request_timeout',
        connectTimeoutMs: 'connect_timeout',
        reconnectMs: 'reconnect',
        failures: 'failures',
        retryMs: 'retry',
        idleMs: 'idle',
        failoverTtlMs: 'remove_ttl',
        maxKeyBytes: 'max_key_size',
        maxValueBytes: 'max_value',
    };
    expect(Object.keys(names)).toEqual(Object.keys(CLIENT_NUMBERS));
    for (const [name, key] of Object.entries(names)) {
        const { default: byDefault, min, max } = CLIENT_NUMBERS[name as keyof typeof names];
        expect(described.get(key)).toMatchObject({
            default: byDefault,
            allowed: `whole numbers from ${min} to ${max}`,
        });
    }
});

it('applies the default timeouts and down detection when every option is undefined', async () => {
    const server = await open.server();
    const names = [...Object.keys(CLIENT_NUMBERS), 'failover', 'observer', 'timeout'];
    const options = Object.fromEntries(names.map(name => [name, undefined]));
    const client = await open.client(server, options);
    await server.stop();
    expect(await codeOf(client.get('key'))).toBe('TIMEOUT');
    await server.kill();
    const codes = new Set<string>();
    while (!codes.has('SERVER_DOWN')) codes.add(await codeOf(client.get('key')));
});

it('accepts undefined for every optional property under exactOptionalPropertyTypes', () => {
    const file = join(__dirname, 'undefinedOptions.ts');
    const text = `
        import type * as api from 'pip-services4-memcached-node';
        type Undefined<T> = { [K in keyof T as {} extends Pick<T, K> ? K : never]: undefined };
        declare function give<T>(): Undefined<T>;
        export const client: api.ClientOptions = give<api.ClientOptions>();
        export const store: api.StoreOptions = give<api.StoreOptions>();
        export const counter: api.CounterOptions = give<api.CounterOptions>();
        export const validity: api.CasValidity = give<api.CasValidity>();
        export const load: api.LoadOptions = give<api.LoadOptions>();
        export const count: api.CountOptions = give<api.CountOptions>();
        export const acquire: api.AcquireOptions = give<api.AcquireOptions>();
        export const withLock: api.WithLockOptions = give<api.WithLockOptions>();
        export const address: api.ServerAddress = { host: 'a', port: 1, ...give<api.ServerAddress>() };
    `;
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), path => ts.sys.readFile(path)) as {
        config: object;
    };
    const { options: base } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const options = { ...base, exactOptionalPropertyTypes: true };
    const host = ts.createCompilerHost(options);
    const readSource = host.getSourceFile.bind(host);
    host.getSourceFile = (name, ...rest) =>
        name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true) : readSource(name, ...rest);
    const program = ts.createProgram([file], options, host);
    const source = program.getSourceFile(file)!;
    const problems = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
});
