import { ConfigParams } from 'pip-services4-components-node';
import { MemcachedCache, MemcachedConnection } from 'pip-services4-memcached-node';
import { OPTIONS, misplacedOptions, readOptions } from '../../src/connect/MemcachedOptions';

const described = Object.values(OPTIONS);
const read = (key: string, text: unknown) => {
    const options = readOptions(ConfigParams.fromTuples(`options.${key}`, text));
    return (options as Record<string, unknown>)[key.replace(/_./g, part => part[1]!.toUpperCase())];
};
const isNumber = ({ allowed }: { allowed: string }) => allowed.startsWith('whole numbers');
const numbers = described.filter(isNumber).map(option => {
    const [least, most] = option.allowed.match(/-?\d+/g)!.map(Number) as [number, number];
    return { ...option, least, most };
});
const truths = described.filter(({ allowed }) => allowed === 'true or false');

/** The documented defaults. Every service depends on these defaults. */
const defaults = {
    max_size: 1000,
    max_key_size: 250,
    max_expiration: 30 * 24 * 60 * 60 * 1000,
    max_value: 1048576,
    pool_size: 5,
    max_pending: 100000,
    reconnect: 10000,
    retries: 3,
    timeout: 60000,
    request_timeout: 1000,
    connect_timeout: 1000,
    failures: 5,
    retry: 30000,
    discovery_interval: null,
    remove: false,
    remove_ttl: 0,
    protocol: 'auto',
    allow_proxy: false,
    idle: 5000,
    fail_soft: false,
    prefix: '',
    clear: false,
    compress_min: 0,
    update_timeout: 10000,
    retry_timeout: 100,
};

it('describes exactly these options with these defaults', () => {
    expect(Object.fromEntries(described.map(({ key, default: value }) => [key, value]))).toEqual(defaults);
});

it.each(Object.entries(defaults))('sets %s to %j when it is absent, null or empty', (key, value) => {
    expect(read('no_such_option', 1)).toBeUndefined();
    expect(read(key, null)).toBe(value);
    expect(read(key, '')).toBe(value);
});

it('returns immutable options', () => {
    const options = readOptions(new ConfigParams()) as { retries: number };
    expect(() => (options.retries = 5)).toThrow(TypeError);
});

function expectRefused(key: string, value: unknown, allowed: string): void {
    const refusal = {
        code: 'INVALID_OPTION',
        message: `invalid options.${key} ${JSON.stringify(String(value).trim())}: expected ${allowed}`,
    };
    const config = ConfigParams.fromTuples(`options.${key}`, value);
    for (const component of [new MemcachedCache(), new MemcachedConnection()]) {
        expect(() => component.configure(config)).toThrow(expect.objectContaining(refusal));
    }
}

describe.each(numbers)('$key', ({ key, least, most, allowed }) => {
    it('accepts the numbers of its range', () => {
        expect(read(key, least)).toBe(least);
        expect(read(key, most)).toBe(most);
        expect(read(key, ` ${least} `)).toBe(least);
    });

    it.each([least - 1, most + 1, -least - 1, 'abc', '1.5', '1e3', '0x10', 'NaN', 'Infinity', '1 000', '5s', '٥'])(
        'rejects %s, and names the accepted range',
        value => expectRefused(key, value, allowed),
    );
});

describe.each(truths)('$key', ({ key, allowed }) => {
    it.each(['true', 'TRUE', 'yes', 'y', 't', '1', true, 1])('is true for %s', word => {
        expect(read(key, word)).toBe(true);
    });

    it.each(['false', 'No', 'n', 'f', '0', false, 0])('is false for %s', word => {
        expect(read(key, word)).toBe(false);
    });

    it.each(['maybe', '2', 'constructor', 'toString', '-'])('rejects %s', word => {
        expectRefused(key, word, allowed);
    });
});

describe('prefix', () => {
    const { allowed } = described.find(({ key }) => key === 'prefix')!;

    it.each(['a', 'my-service:', 'é🐎', 'p'.repeat(200)])('accepts %s', prefix => {
        expect(read('prefix', prefix)).toBe(prefix);
    });

    it.each(['a b', 'a\nb', 'a\0', 'p'.repeat(201), '🐎'.repeat(51)])('rejects %j', prefix => {
        expectRefused('prefix', prefix, allowed);
    });
});

it.each([
    ['retries', -1, 'invalid options.retries "-1": expected whole numbers from 0 to 100'],
    ['pool_size', 0, 'invalid options.pool_size "0": expected whole numbers from 1 to 1000'],
    ['timeout', 'abc', 'invalid options.timeout "abc": expected whole numbers from 1 to 9007199254740991'],
    ['max_key_size', 251, 'invalid options.max_key_size "251": expected whole numbers from 1 to 250'],
])('rejects %s: %s with the name, the value and the range', (key, value, message) => {
    expect(() => readOptions(ConfigParams.fromTuples(`options.${key}`, value))).toThrow(
        expect.objectContaining({ message, details: { key: `options.${key}`, value: String(value) } }),
    );
});

it('changes nothing when the configuration is rejected', () => {
    const cache = new MemcachedCache();
    cache.configure(ConfigParams.fromTuples('connection.host', 'localhost', 'options.prefix', 'p:'));
    expect(() => cache.configure(ConfigParams.fromTuples('options.retries', -1))).toThrow();
    expect(cache.isOpen()).toBe(false);
});

it('finds options of another component', () => {
    const keys = ['max_size', 'pool_size', 'pool', 'prefix', 'fail_soft'];
    const config = ConfigParams.fromTuples(...keys.flatMap(key => [`options.${key}`, 5]));
    expect(misplacedOptions(config, 'component')).toEqual(['options.pool_size']);
    expect(misplacedOptions(config, 'connection')).toEqual(['options.max_size', 'options.prefix']);
});
