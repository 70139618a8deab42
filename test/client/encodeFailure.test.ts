import type { MemcachedClient } from 'pip-services4-memcached-node';
import { Call } from '../../src/client/calls/Call';
import type { RequestWriter } from '../../src/client/protocol/Protocol';
import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';

/** A call that throws after it has written a part of its frames. */
class BrokenCall extends Call<void> {
    readonly retry = 'always';
    readonly operation = 'broken';
    override frameCount = 3;

    constructor(
        private readonly write: (writer: RequestWriter, opaque: number) => void,
        valueBytes = 0,
    ) {
        super('broken', valueBytes);
    }

    encode(writer: RequestWriter, opaque: number): void {
        this.write(writer, opaque);
        throw new RangeError('Array buffer allocation failed');
    }

    onReply(): boolean {
        throw new Error('it was sent');
    }
}

const spec = (value: string | Uint8Array) => ({ value, flagBits: 0, expirySeconds: 0 });
const store = (writer: RequestWriter, opaque: number, value: string | Uint8Array) =>
    writer.store(opaque, 'set', 'broken', spec(value), 'outcome');
/** A call that throws after it has written its header, extras and key. */
const unreadable = {
    ...spec(''),
    get value(): string {
        throw new RangeError('Invalid string length');
    },
};
const storeInPart = (writer: RequestWriter, opaque: number) =>
    writer.store(opaque, 'set', 'broken', unreadable, 'outcome');
const broken: Record<string, () => BrokenCall> = {
    'with nothing written': () => new BrokenCall(() => {}),
    'in the middle of a frame': () => new BrokenCall(storeInPart),
    'between two frames': () => new BrokenCall((writer, opaque) => store(writer, opaque, 'x')),
    'after a value that is sent by reference': () =>
        new BrokenCall((writer, opaque) => {
            store(writer, opaque, Buffer.alloc(10_000));
            storeInPart(writer, opaque + 1);
        }),
    'after it has filled a chunk of the writer': () =>
        new BrokenCall((writer, opaque) => {
            for (let i = 0; i < 50; i++) store(writer, opaque, 'x'.repeat(4000));
            storeInPart(writer, opaque);
        }),
    'with a large value': () => new BrokenCall(() => {}, 100_000),
};

const open = useOpener();
let client: MemcachedClient;

beforeEach(async () => {
    client = await open.client(await open.server());
});

it.each(Object.keys(broken))('fails only a call whose encoding throws %s', async name => {
    const settings = Array.from({ length: 20 }, (_, i) => i);
    const before = settings.map(i => client.set(`before:${i}`, `value ${i}`));
    const counted = client.increment('counter', 1, { initial: 1 });
    // These calls exceed the window for large values.
    const sent = Array.from({ length: 20 }, () =>
        client.commands.cluster.server('broken').send(broken[name]!(), false),
    );
    const after = settings.map(i => client.set(`after:${i}`, Buffer.alloc(5000, i)));
    expect(new Set(await Promise.all(sent.map(codeOf)))).toEqual(new Set(['ENCODE_FAILED']));
    expect((await Promise.all([...before, ...after])).every(Boolean)).toBe(true);
    expect(await counted).toEqual({ success: true, value: 1n });
    expect((await client.get('before:19')).value?.toString()).toBe('value 19');
    expect((await client.get('after:19')).value).toEqual(Buffer.alloc(5000, 19));
    expect((await client.get('broken')).value).toBeNull();
    const [stats] = client.getStats();
    expect(stats).toMatchObject({ connects: 1, retries: 0, failed: 20, inFlight: 0 });
    expect(stats!.errors).toEqual({ ENCODE_FAILED: 20 });
});

it('checks the flags of setCounted as for every other command', async () => {
    for (const flags of [5n, -1, 2 ** 32, 1.5, NaN, 'x', null, undefined]) {
        expect(await codeOf(client.commands.setCounted('key', 'value', 0, flags as never, null))).toBe('INVALID_FLAGS');
    }
    expect((await client.get('key')).value).toBeNull();
});
