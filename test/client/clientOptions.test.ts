import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

it.each([
    null,
    nothing,
    {},
    { onDown: nothing },
    { onUp: nothing },
    { onDown: nothing, onUp: true },
    { onDown: nothing, onUp: nothing, onIdentified: null },
    'console',
])('rejects %p as an observer', observer => {
    expect(() => create({ observer })).toThrow(refusal('observer', 'an object with the functions onDown and onUp'));
});

it.each(['requestTimeout', 'maxSize', 'constructor', 'toString', '__proto__'])(
    'rejects the unknown option %s',
    name => {
        const options = Object.defineProperty({}, name, { value: 1, enumerable: true });
        expect(() => create(options)).toThrow(refusal(name, 'one of .*requestTimeoutMs.*docs/migration.md'));
    },
);

it('accepts options while a library extends the prototype of all objects', async () => {
    Object.defineProperty(Object.prototype, 'extension', { value: 1, enumerable: true, configurable: true });
    try {
        const client = await open.client(await open.server(), { retries: 7 });
        expect(await client.set('key', 'value', { expires: 60 })).toBe(true);
    } finally {
        Reflect.deleteProperty(Object.prototype, 'extension');
    }
});

it('reads options that are inherited, frozen, without a prototype, or getters of a class', () => {
    class Config {
        get retries(): number {
            return 7;
        }
    }
    const bare = Object.assign(Object.create(null) as object, { retries: 7 });
    for (const options of [Object.create({ retries: 7 }), Object.freeze({ retries: 7 }), bare, new Config()]) {
        expect(readClientOptions(options as object).retries).toBe(7);
    }
});

it('reads each option once, so that the checked value is the one in use', () => {
    let reads = 0;
    const options = Object.defineProperty({}, 'retries', { get: () => reads++, enumerable: true });
    expect(readClientOptions(options).retries).toBe(0);
    expect(reads).toBe(1);
});

it('throws the error of a getter that throws', () => {
    const fault = new Error('fault');
    const options = {
        get retries(): number {
            throw fault;
        },
    };
    expect(() => create(options)).toThrow(fault);
});

it('has the documented defaults', () => {
    const source = readFileSync(join(root, 'src/client/model/ClientOptions.ts'), 'utf8');
    const [, text] = /interface ClientOptions \{([^]*?)\n\}/.exec(source)!;
    const properties = text!.matchAll(/\/\*\*([^]*?)\*\/\s*readonly (\w+)\?/g);
    const documented = [...properties].map(([, comment, name]) => [
        name,
        /Default:? '?(\w+)'?\.\s*$/.exec(comment!)?.[1],
    ]);
    const settings = Object.entries(readClientOptions({}));
    const expected = settings.map(([name, value]) => [name, typeof value === 'object' ? 'none' : String(value)]);
    expect(documented.sort()).toEqual(expected.sort());
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
    // `options.timeout` of a cache has another unit and default than `expires`.
    expect(['expires', ...Object.keys(names)]).toEqual(Object.keys(CLIENT_NUMBERS));
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
