import { DeleteManyCall, GetManyCall, SetManyCall } from '../../../src/client/calls/batchCalls';
import type { Call, CallHost } from '../../../src/client/calls/Call';
import { readFetched } from '../../../src/client/calls/getCalls';
import { CasStoreCall, ConcatCall, StoreCall } from '../../../src/client/calls/storeCalls';
import { Outcome, type Reply } from '../../../src/client/protocol/Protocol';
import { ServerMetrics } from '../../../src/diagnostics/ServerMetrics';

/**
 * The binary protocol omits most replies to quiet requests, and has a separate outcome for each
 * mode of a store. Calls must also accept replies of protocols without these features.
 */

const spec = { value: 'value', flagBits: 0, expirySeconds: 0 };

function reply(outcome: number, opaque = 0, text = ''): Reply {
    const fields = { outcome, opaque, flags: 0, bodyBytes: text.length, casHigh: 0, casLow: 0, cas: 0n };
    return { ...fields, text: () => text, detail: () => 'words' } as unknown as Reply;
}

/** Returns the call in the state of a sent call, with opaques from 0 on. */
function send<C extends Call<unknown>>(call: C): { call: C; metrics: ServerMetrics } {
    const metrics = new ServerMetrics();
    call.host = { address: 'server', metrics } as CallHost;
    return { call, metrics };
}

it.each([
    ['add', Outcome.EXISTS],
    ['add', Outcome.NOT_STORED],
    ['replace', Outcome.NOT_FOUND],
    ['replace', Outcome.NOT_STORED],
] as const)('resolves %s with "not stored" on outcome %i', async (mode, outcome) => {
    const { call } = send(new StoreCall(mode, 'key', spec));
    expect(call.onReply(reply(outcome))).toBe(true);
    expect(await call.promise).toBe(false);
});

it.each([
    ['set', Outcome.NOT_STORED],
    ['set', Outcome.EXISTS],
    ['add', Outcome.NOT_FOUND],
    ['replace', Outcome.EXISTS],
] as const)('rejects %s with the message of the server on outcome %i', async (mode, outcome) => {
    const { call } = send(new StoreCall(mode, 'key', spec));
    call.onReply(reply(outcome));
    await expect(call.promise).rejects.toMatchObject({
        code: 'SERVER_ERROR',
        message: expect.stringMatching(/^memcached at server rejected the request: .* \(words\)$/),
    });
});

it.each([
    [0n, Outcome.EXISTS, 'changed'],
    [0n, Outcome.NOT_STORED, 'changed'],
    [7n, Outcome.EXISTS, 'changed'],
    [7n, Outcome.NOT_FOUND, 'missing'],
] as const)('resolves a compare-and-set of CAS %i on outcome %i with %j', async (cas, outcome, result) => {
    const { call } = send(new CasStoreCall('key', spec, cas, false, false));
    call.onReply(reply(outcome));
    expect(await call.promise).toEqual({ outcome: result, cas: 0n });
});

it.each([Outcome.NOT_STORED, Outcome.NOT_FOUND])('resolves append with "missing" on outcome %i', async outcome => {
    const { call } = send(new ConcatCall('append', 'key', 'value'));
    call.onReply(reply(outcome));
    expect(await call.promise).toBe(false);
});

it('counts each miss of getMany once, answered or not', async () => {
    const found: unknown[] = [];
    const failed = new Map<string, Error>();
    const chunk = { keys: ['a', 'b', 'c', 'd'], positions: [5, 6, 7, 8], bytes: 0 };
    const { call, metrics } = send(new GetManyCall(chunk, found, readFetched, failed));
    call.onReply(reply(Outcome.OK, 0, 'value'));
    call.onReply(reply(Outcome.NOT_FOUND, 1));
    call.onReply(reply(Outcome.BUSY, 3));
    expect(call.onReply(reply(Outcome.OK, 4))).toBe(true);
    await call.promise;
    expect([Object.entries(found), [...failed.keys()]]).toEqual([[['5', 'value']], ['d']]);
    expect(metrics).toMatchObject({ hits: 1, misses: 2 });
});

it.each([
    ['setMany', (failed: Map<string, Error>) => new SetManyCall(['a', 'b'], [spec, spec], failed, null)],
    ['deleteMany', (failed: Map<string, Error>) => new DeleteManyCall(['a', 'b'], failed)],
])('accepts replies to the quiet requests of %s', async (_, make) => {
    const failed = new Map<string, Error>();
    const { call } = send(make(failed));
    expect([0, 1, 2].map(opaque => call.onReply(reply(Outcome.OK, opaque)))).toEqual([false, false, true]);
    await call.promise;
    expect(failed.size).toBe(0);
});
