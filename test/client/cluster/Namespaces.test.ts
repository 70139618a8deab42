import type { CallHost } from '../../../src/client/calls/Call';
import { Deadlines } from '../../../src/client/calls/Deadlines';
import { TokenChanged } from '../../../src/client/calls/GuardedCall';
import { Namespaces } from '../../../src/client/cluster/Namespaces';
import { GetCall, readFetched } from '../../../src/client/calls/getCalls';
import { BinaryReply } from '../../../src/client/protocol/binary/BinaryReply';
import { useOpener, useServer } from '../../support/Opener';

const server = useServer();
const open = useOpener();

const TOKEN = 'abcd-_12';
const KEY = `p:#${TOKEN}:key`;

function make(...prefixes: string[]): Namespaces {
    const namespaces = new Namespaces();
    for (const prefix of prefixes) namespaces.of(prefix);
    return namespaces;
}

describe('Namespaces', () => {
    it.each([
        ['a key with a token', KEY, 'p:key'],
        ['a key without a token yet', 'p:#:key', 'p:key'],
        ['a key that looks like a token', 'p:#::abcdefg:key', 'p::abcdefg:key'],
        ['a key that has a token of its own', `p:#${TOKEN}:#${TOKEN}:key`, `p:#${TOKEN}:key`],
        ['the key of the token', 'p:#namespace', 'p:#namespace'],
        ['a key without clear', 'p:key', 'p:key'],
        ['a key of another prefix', `q:#${TOKEN}:key`, `q:#${TOKEN}:key`],
    ])('places %s', (_, key, placed) => {
        expect(make('p:').place(key)).toBe(placed);
        expect(make('p', 'p:#x', 'p:').place(key)).toBe(placed);
        expect(make().place(key)).toBe(key);
    });

    it('creates each prefix once, and guards only its keys', () => {
        const namespaces = make('p:');
        expect(namespaces.of('p:')).toBe(namespaces.of('p:'));
        expect([namespaces.isEmpty, make().isEmpty]).toEqual([false, true]);
        expect([KEY, 'p:key', 'p:#:key', 'p:#namespace'].map(key => namespaces.has(key))).toEqual([
            true,
            false,
            false,
            false,
        ]);
        const plain = new GetCall('p:key', readFetched, null);
        expect(namespaces.guard('p:key', plain)).toBe(plain);
    });
});

describe('a guarded call', () => {
    /** Encodes the guarded call with opaques from 7 on. */
    function send() {
        const call = make('p:').guard(KEY, new GetCall(KEY, readFetched, null));
        const metrics = { hits: 0, misses: 0, answered: 0, recordFailure: () => {} };
        call.host = { address: 'server', deadlines: new Deadlines(), metrics } as unknown as CallHost;
        call.opaque = 7;
        call.encode({ get: () => {} } as never, 7);
        const answer = (opaque: number, text: string | null) => {
            const buffer = Buffer.from(`\0\0\0\0${text ?? ''}`);
            const fields = { opaque, buffer, extrasBytes: 4, bodyBytes: buffer.length, outcome: text === null ? 1 : 0 };
            return call.onReply(Object.assign(new BinaryReply(), fields));
        };
        return { call, answer };
    }

    it('settles with its answer when the token matches the token in its key', async () => {
        const { call, answer } = send();
        expect([call.frameCount, answer(7, '"value"'), call.settled, answer(8, TOKEN)]).toEqual([
            2,
            false,
            false,
            true,
        ]);
        expect(await call.promise).toBe('"value"');
    });

    it.each([['ABCD-_12'], ['abcd-_1'], ['abcd-_123'], [''], [null]])('fails when the token is %p', async token => {
        const { call, answer } = send();
        answer(7, '"value"');
        expect(answer(8, token)).toBe(true);
        const error = await call.promise.catch((error: unknown) => error);
        expect(error).toBeInstanceOf(TokenChanged);
        expect(error).toMatchObject({ token, server: call.host });
    });

    it('throws on a token that arrives before its answer', () => {
        const { answer } = send();
        expect(() => answer(8, TOKEN)).toThrow('invalid reply: a token before the result that it confirms');
    });
});

describe('a guarded batch', () => {
    it('confirms each token, so that a key with an old token fails', async () => {
        const client = await open.client(server);
        const { commands } = client;
        commands.cluster.namespaces.of('mixed:');
        await client.set('mixed:#namespace', 'AAAAAAAA');
        const current = 'mixed:#AAAAAAAA:a';
        const old = 'mixed:#BBBBBBBB:b';
        const stored = await commands.setMany([
            [current, '1'],
            [old, '2'],
        ]);
        expect([...stored.failed.keys()]).toEqual([old]);
        expect(stored.failed.get(old)).toBeInstanceOf(TokenChanged);
        const found = await commands.getManyText([current, old]);
        expect([found.found, [...found.failed.keys()]]).toEqual([['1', undefined], [old]]);
    });
});
