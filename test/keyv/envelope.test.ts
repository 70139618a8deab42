import { fromStored, isLive, toStored } from '../../src/keyv/envelope';

/** Returns the value as the cache returns it: bytes as a Buffer, the rest through JSON. */
function throughCache(stored: unknown): unknown {
    return stored instanceof Uint8Array ? Buffer.from(stored) : JSON.parse(JSON.stringify(stored));
}

it.each<[string, unknown]>([
    ['text', '{"value":"ü \\ud800","expires":1}'],
    ['an empty text', ''],
    ['bytes', Buffer.from([0xff, 0, 0x7b, 0xfe])],
    ['no bytes', Buffer.alloc(0)],
    ['an envelope', { value: { n: 1 }, expires: 5 }],
])('returns %s unchanged', (_, value) => {
    expect(fromStored(throughCache(toStored(value)))).toEqual(value);
});

it('stores text as its bytes, without quotes', () => {
    expect(toStored('{"value":1}')).toEqual(Buffer.from('{"value":1}'));
});

it('takes a view of bytes for these bytes alone', () => {
    const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
    expect(fromStored(toStored(view))).toEqual(Buffer.from([2, 3]));
});

it('returns undefined for a miss', () => {
    expect(fromStored(null)).toBeUndefined();
});

it.each<[unknown, boolean]>([
    [undefined, false],
    [{ value: 1 }, true],
    [{ value: 1, expires: null }, true],
    [{ value: 1, expires: Date.now() + 60_000 }, true],
    [{ value: 1, expires: Date.now() - 1 }, false],
    [`{"value":1,"expires":${Date.now() - 1}}`, false],
    [`{"value":{"expires":1}}`, true],
    ['not JSON', true],
    ['null', true],
    [Buffer.from([1]), true],
])('takes the envelope %j for live: %s', (value, live) => {
    expect(isLive(value)).toBe(live);
});
