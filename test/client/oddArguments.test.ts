import type { MemcachedClient } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { oddValues as odd } from '../support/oddValues';
import { useOpener, useServer } from '../support/Opener';

const open = useOpener();
const server = useServer();
let client: MemcachedClient;

beforeEach(async () => {
    client = await open.client(server);
});

/** Valid arguments of each command. The test replaces one argument at a time by an odd value. */
const verbs: Record<string, unknown[]> = {
    get: ['key'],
    gets: ['key'],
    getText: ['key'],
    getAndDelete: ['key'],
    getMany: [['key']],
    getManyText: [['key']],
    deleteMany: [['key']],
    setMany: [[['key', 'value', 1]], { expires: 60 }],
    setCounted: ['key', 'value', 60, 1],
    set: ['key', 'value', { expires: 60 }],
    add: ['key', 'value', { expires: 60 }],
    replace: ['key', 'value', { expires: 60 }],
    append: ['key', 'value'],
    prepend: ['key', 'value'],
    delete: ['key'],
    touch: ['key', 60],
    getAndTouch: ['key', 60],
    casAdd: ['key', 'value', { expires: 60 }],
    casSet: ['key', 'value', 1n, { expires: 60 }],
    casDelete: ['key', 1n, { epoch: 1 }],
    increment: ['key', 1, { initial: 1 }],
    decrement: ['key', 1, { initial: 1 }],
};

it.each(Object.entries(verbs))('rejects odd arguments of %s with a code, and never throws', async (verb, right) => {
    const owner = verb in client ? client : client.commands;
    const call = (owner as unknown as Record<string, (...args: unknown[]) => unknown>)[verb]!.bind(owner);
    for (const [place] of right.entries()) {
        for (const value of odd) {
            const args = right.map((one, i) => (i === place ? value : one));
            const settled = call(...args);
            expect(settled).toBeInstanceOf(Promise);
            const error: unknown = await (settled as Promise<unknown>).then(
                () => null,
                (error: unknown) => error,
            );
            const code = expect.objectContaining({ code: expect.stringMatching(/^[A-Z_]+$/) }) as unknown;
            if (error !== null) expect([args, error]).toEqual([args, code]);
        }
    }
});

it.each(['getMany', 'deleteMany', 'setMany'] as const)('rejects a non-list for %s', async verb => {
    for (const value of [null, undefined, 5, {}, true]) {
        expect(await codeOf(client[verb](value as never))).toBe('INVALID_BATCH');
    }
});

it('rejects entries of setMany that are not pairs', async () => {
    for (const entries of [[null], ['ab'], [5], [{}]]) {
        expect(await codeOf(client.setMany(entries as never))).toBe('INVALID_BATCH');
    }
});

it('fails odd groups of statistics alone, not the calls beside them', async () => {
    const single = await open.client(server, { poolSize: 1, retries: 0 });
    for (const group of [null, 5, {}, Symbol('s'), 'a b', 'x'.repeat(251), 'ü'.repeat(126)]) {
        const [beside, byServer] = await Promise.all([
            codeOf(single.increment('n', 1)),
            single.statsWithKey(group as string),
        ]);
        expect(beside).toMatch(/^answered/);
        expect(byServer.get(server.address)).toMatchObject({
            code: expect.stringMatching(/^(ENCODE_FAILED|SERVER_ERROR)$/),
        });
    }
});
