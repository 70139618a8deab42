import type { MemcachedClient } from 'pip-services4-memcached-node';
import { Call } from '../../src/client/calls/Call';
import type { BinaryWriter } from '../../src/client/protocol/binary/BinaryWriter';
import { Opcode } from '../../src/client/protocol/binary/constants';
import { encodeStore } from '../../src/client/calls/storeCalls';
import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';

/** A call that throws after it has written a part of its frames. */
class BrokenCall extends Call<void> {
    readonly retry = 'always';
    readonly operation = 'broken';
    override frameCount = 3;

    constructor(
        private readonly write: (writer: BinaryWriter, opaque: number) => void,
        private readonly bytes = 0,
    ) {
        super('broken');
    }

    override get valueBytes(): number {
        return this.bytes;
    }

    encode(writer: BinaryWriter, opaque: number): void {
        this.write(writer, opaque);
        throw new RangeError('Array buffer allocation failed');
    }

    onReply(): boolean {
        throw new Error('it was sent');
    }
}

const spec = (value: string | Uint8Array) => ({ value, flagBits: 0, expirySeconds: 0 });
const broken: Record<string, () => BrokenCall> = {
    'with nothing written': () => new BrokenCall(() => {}),
    'in the middle of a frame': () =>
        new BrokenCall((writer, opaque) => {
            writer.begin(Opcode.SET, opaque, 0, 0, 'broken', 8);
            writer.uint32(1);
        }),
    'between two frames': () =>
        new BrokenCall((writer, opaque) => encodeStore(writer, Opcode.SET, opaque, 'broken', spec('x'), 0n)),
    'after a value that is sent by reference': () =>
        new BrokenCall((writer, opaque) => {
            encodeStore(writer, Opcode.SET, opaque, 'broken', spec(Buffer.alloc(10_000)), 0n);
            writer.begin(Opcode.SET, opaque + 1, 0, 0, 'broken', 8);
            writer.value(Buffer.alloc(10_000));
        }),
    'after it has filled a chunk of the writer': () =>
        new BrokenCall((writer, opaque) => {
            for (let i = 0; i < 50; i++) encodeStore(writer, Opcode.SET, opaque, 'broken', spec('x'.repeat(4000)), 0n);
            writer.begin(Opcode.SET, opaque, 0, 0, 'broken', 8);
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
    const calls = Array.from({ length: 20 }, () => broken[name]!());
    for (const call of calls) client.server('broken').enqueue(call);
    const after = settings.map(i => client.set(`after:${i}`, Buffer.alloc(5000, i)));
    expect(new Set(await Promise.all(calls.map(call => codeOf(call.promise))))).toEqual(new Set(['ENCODE_FAILED']));
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
        expect(await codeOf(client.setCounted('key', 'value', 0, flags as never, null))).toBe('INVALID_FLAGS');
    }
    expect((await client.get('key')).value).toBeNull();
});
