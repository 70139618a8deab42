import { MemcachedCache } from 'pip-services4-memcached-node';
import { read } from '../docs/markdown';
import { useOpener, useServer, type Opener } from '../support/Opener';
import { losing } from '../support/proxy/loseNext';
import { verbOf } from '../support/proxy/messages';
import type { Verb } from '../support/proxy/verbs';
import { readItem } from '../support/server/textProtocol';
import { SideBySide } from '../support/sideBySide';
import type { Settings } from '../support/settings';
import { sleep } from '../support/sleep';

const HOUR = 3_600_000;

/** A call of a verb, and the request that the tests lose. */
interface Trial {
    call(cache: MemcachedCache, key: string): Promise<unknown>;
    readonly request: Verb;
    /** The value before the call. Absent: none. */
    readonly before?: unknown;
}

const trials: Record<string, Trial> = {
    retrieve: { call: (cache, key) => cache.retrieve(null, key), request: 'get', before: 1 },
    contains: { call: (cache, key) => cache.contains(null, key), request: 'get', before: 1 },
    retrieveMany: { call: (cache, key) => cache.retrieveMany(null, [key]), request: 'get', before: 1 },
    retrieveAndTouch: {
        call: (cache, key) => cache.retrieveAndTouch(null, key, HOUR),
        request: 'getAndTouch',
        before: 1,
    },
    touch: { call: (cache, key) => cache.touch(null, key, HOUR), request: 'touch', before: 1 },
    store: { call: (cache, key) => cache.store(null, key, 'value'), request: 'set' },
    storeMany: { call: (cache, key) => cache.storeMany(null, { [key]: 'value' }), request: 'set' },
    // The request to delete is in the same write.
    remove: { call: (cache, key) => cache.remove(null, key), request: 'get', before: 1 },
    removeMany: { call: (cache, key) => cache.removeMany(null, [key]), request: 'delete', before: 1 },
    replace: { call: (cache, key) => cache.replace(null, key, 'value'), request: 'replace', before: 1 },
    add: { call: (cache, key) => cache.add(null, key, 'value'), request: 'add' },
    increment: { call: (cache, key) => cache.increment(null, key), request: 'count', before: 100 },
    decrement: { call: (cache, key) => cache.decrement(null, key), request: 'count', before: 100 },
    append: { call: (cache, key) => cache.append(null, key, 'x'), request: 'cas', before: 'text' },
    prepend: { call: (cache, key) => cache.prepend(null, key, 'x'), request: 'cas', before: 'text' },
    update: {
        call: (cache, key) => cache.update<string>(null, key, old => `${old ?? ''}x`),
        request: 'cas',
        before: 'text',
    },
    retrieveOrLoad: { call: (cache, key) => cache.retrieveOrLoad(null, key, HOUR, () => 'loaded'), request: 'get' },
    clear: { call: cache => cache.clear(null), request: 'delete', before: 1 },
};

/** The columns of the table, in order, without the verb. */
type Row = readonly [missing: string, instances: string, broken: string, failed: string, soft: string];

const page = read('docs/cache.md');
const [, table = ''] = /<!-- guarantees -->\n([^]*?)<!-- \/guarantees -->/.exec(page) ?? [];
const rows = new Map<string, Row>();
for (const line of table.trim().split('\n').slice(2)) {
    const [verbs = '', ...cells] = line
        .split('|')
        .map(cell => cell.trim())
        .slice(1, -1);
    for (const [, verb] of verbs.matchAll(/`(\w+)`/g)) rows.set(verb!, cells as unknown as Row);
}
const verbs = Object.keys(trials);
const cellsOf = (column: number) => Object.fromEntries(verbs.map(verb => [verb, rows.get(verb)?.[column]]));

/** Returns a result in the words of the table. */
async function wordsFor(calling: Promise<unknown>): Promise<string> {
    let result: unknown;
    try {
        result = await calling;
    } catch (error) {
        return `an error: ${codeIn(error)}`;
    }
    if (result === null || typeof result === 'boolean') return `\`${String(result)}\``;
    if (result instanceof Map) return result.size === 0 ? 'an empty `Map`' : 'a `Map`';
    if (result === undefined) return 'resolves';
    return { value: 'the value', loaded: "the loader's value", x: 'the new value' }[result as string] ?? 'a result';
}

/** Returns the code of the error, for a batch the code of its only key. */
function codeIn(error: unknown): string | undefined {
    const { code, failed } = error as { code?: string; failed?: ReadonlyMap<string, { code?: string }> };
    return failed === undefined ? code : [...failed.values()][0]!.code;
}

const hasFailed = (words: string): boolean => /^an error: (TIMEOUT|CONNECTION_LOST|SERVER_DOWN)$/.test(words);
const shorten = (words: string): string => (hasFailed(words) ? 'an error' : words);

const same = (verb: string): string => verb;

/** Performs each verb once, and returns the results in the words of the table. */
async function perform(cache: MemcachedCache, names = verbs, keyOf = same): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const verb of names) found[verb] = shorten(await wordsFor(trials[verb]!.call(cache, keyOf(verb))));
    return found;
}

const storeAll = async (cache: MemcachedCache, keyOf = same): Promise<void> => {
    for (const verb of verbs) await cache.store(null, keyOf(verb), trials[verb]!.before ?? 1, 60_000);
};

const server = useServer();
const opener = useOpener();

it('has a row for every verb of the cache', () => {
    const others = ['configure', 'setReferences', 'unsetReferences', 'isOpen', 'open', 'close', 'share'];
    const methods = Object.getOwnPropertyNames(MemcachedCache.prototype);
    const verbsOfCache = methods.filter(name => ![...others, 'constructor', 'getStats', 'checkHealth'].includes(name));
    expect([...rows.keys()].sort()).toEqual(verbsOfCache.sort());
    expect(verbs.sort()).toEqual(verbsOfCache.sort());
});

describe('a verb on a key without a value', () => {
    const cells = cellsOf(0);
    const guarded: Settings = { prefix: 'p:', clear: true };

    it('has the result of the table when no value is stored', async () => {
        const cache = await opener.cache(await opener.server(), guarded);
        expect(await perform(cache)).toEqual(cells);
    });

    it('has the same result after a restart of memcached', async () => {
        const dying = await opener.server();
        const cache = await opener.cache(dying, { ...guarded, request_timeout: 5000 });
        await storeAll(cache);
        await dying.restart();
        while (shorten(await wordsFor(cache.retrieve(null, 'other'))) === 'an error') await sleep(10);
        expect(await perform(cache)).toEqual(cells);
    });

    it('has the same result after another instance has called clear', async () => {
        const at = await opener.server();
        const [cache, other] = [await opener.cache(at, guarded), await opener.cache(at, guarded)];
        await storeAll(cache);
        await other.clear(null);
        expect(await perform(cache)).toEqual(cells);
    });

    it('has the same result on the next server with options.remove, except clear', async () => {
        const [home, standIn] = [await opener.faultProxy(await opener.server()), await opener.server()];
        const settings = { remove: true, failures: 1, retry: 60_000 };
        const client = await opener.client([home, standIn]);
        const keyOf = (verb: string): string => {
            for (let i = 0; ; i++) if (client.homeServer(verb + i).port === home.port) return verb + i;
        };
        const cache = await opener.cache([home, standIn], settings);
        const guardedCache = await opener.cache([home, standIn], { ...settings, ...guarded });
        await storeAll(cache, keyOf);
        await home.refuse();
        while (shorten(await wordsFor(cache.retrieve(null, keyOf('retrieve')))) === 'an error') await sleep(10);
        const keyed = verbs.filter(verb => verb !== 'clear');
        expect({ ...(await perform(cache, keyed, keyOf)), clear: cells.clear }).toEqual(cells);
        expect(shorten(await wordsFor(guardedCache.clear(null)))).toBe('an error');
    });
});

describe('several instances', () => {
    /** Calls of each of two instances. */
    const TIMES = 10;
    const rowsWith = (words: string) => verbs.filter(verb => rows.get(verb)?.[1] === words);

    async function openBoth(): Promise<[MemcachedCache, MemcachedCache]> {
        const settings = { prefix: `${opener.key}:`, clear: true };
        return [await opener.cache(server, settings), await opener.cache(server, settings)];
    }

    it.each(rowsWith('see the last write'))('see the last write with %s', async verb => {
        const [one, other] = await openBoth();
        const { call } = trials[verb]!;
        const isMissing = shorten(await wordsFor(call(one, 'key')));
        await other.store(null, 'key', 1, 60_000);
        expect(await wordsFor(call(one, 'key'))).not.toBe(isMissing);
    });

    it.each(rowsWith('the last write wins'))('overwrite each other with %s', async verb => {
        const [one, other] = await openBoth();
        await one.store(null, 'key', 1, 60_000);
        await trials[verb]!.call(other, 'key');
        const written = { store: 'value', storeMany: 'value', replace: 'value', remove: null, removeMany: null };
        expect(await one.retrieve(null, 'key')).toBe(verb in written ? written[verb as 'store'] : 1);
        await one.store(null, 'key', 'last', 60_000);
        expect(await other.retrieve(null, 'key')).toBe('last');
    });

    it.each(rowsWith('one caller wins'))('let one caller of %s win', async verb => {
        const both = await openBoth();
        const calls = Array.from({ length: 2 * TIMES }, (_, i) => trials[verb]!.call(both[i % 2]!, 'key'));
        expect((await Promise.all(calls)).filter(Boolean)).toHaveLength(1);
    });

    it.each(rowsWith('every call counts'))('lose no call of %s', async verb => {
        const both = await openBoth();
        const { before, call } = trials[verb]!;
        await both[0].store(null, 'key', before, 60_000);
        await Promise.all(Array.from({ length: 2 * TIMES }, (_, i) => call(both[i % 2]!, 'key')));
        const after = (await both[0].retrieve(null, 'key')) as unknown;
        const sizeOf = (value: unknown): number => (typeof value === 'number' ? value : (value as string).length);
        expect(Math.abs(sizeOf(after) - sizeOf(before))).toBe(2 * TIMES);
    });

    it.each(rowsWith('one loader runs'))('call one loader with %s', async verb => {
        const both = await openBoth();
        let loads = 0;
        const calls = Array.from({ length: 2 * TIMES }, (_, i) =>
            both[i % 2]![verb as 'retrieveOrLoad'](null, 'key', HOUR, () => ++loads),
        );
        expect(await Promise.all(calls)).toEqual(calls.map(() => 1));
    });

    it.each(rowsWith('see no earlier value'))('see no earlier value after %s', async verb => {
        const [one, other] = await openBoth();
        await one.store(null, 'key', 1, 60_000);
        await trials[verb]!.call(other, 'key');
        expect(await one.retrieve(null, 'key')).toBeNull();
    });
});

describe('a broken connection or a lost reply', () => {
    const group = new SideBySide(6);

    async function prepare(open: Opener, verb: string, how: string) {
        const { before, request } = trials[verb]!;
        const proxy = await open.faultProxy(server);
        const prefix = `${verb}-${how}:`;
        const settings = verb === 'clear' ? { prefix, clear: true } : { prefix };
        const cache = await open.cache(proxy, settings);
        const seenBy = await open.cache(server, { prefix: settings.prefix });
        if (before !== undefined) await (verb === 'clear' ? cache : seenBy).store(null, 'key', before, 60_000);
        const fullKey = verb === 'clear' ? `${prefix}#namespace` : `${prefix}key`;
        /** Describes the item. The clock of memcached may have ticked. */
        const state = async (): Promise<string> => {
            const item = await readItem(server, fullKey);
            return JSON.stringify(item && [item.value, item.ttl > 100]);
        };
        const call = (): Promise<string> => wordsFor(trials[verb]!.call(cache, 'key'));
        return { proxy, request, state, call };
    }

    /** Breaks the connection at the request, by a reset or by a reply that the client rejects. */
    async function broken(open: Opener, verb: string, byServer: boolean): Promise<string> {
        const { proxy, request, call } = await prepare(open, verb, `broken-${byServer}`);
        let isBroken = false;
        proxy.begin({
            request(link, chunk) {
                if (isBroken || verbOf(chunk) !== request) return link.toServer(chunk);
                isBroken = true;
                if (byServer) link.reset();
                else link.toClient(Buffer.alloc(100, 'Z\r\n'));
            },
        });
        const words = await call();
        expect(isBroken).toBe(true);
        return words;
    }

    /** Loses the request or its reply. Returns the result, and whether the item has changed. */
    async function lost(open: Opener, verb: string, what: 'the request' | 'the reply') {
        const { proxy, request, call, state } = await prepare(open, verb, what.replace(' ', '-'));
        const before = await state();
        proxy.begin(losing(request, what, 'silence'));
        const words = await call();
        return { words, hasChanged: (await state()) !== before };
    }

    for (const verb of verbs) {
        group.it(`affects ${verb} as in the table`, async open => {
            const [closed, rejected, unsent, unanswered] = await Promise.all([
                broken(open, verb, true),
                broken(open, verb, false),
                lost(open, verb, 'the request'),
                lost(open, verb, 'the reply'),
            ]);
            const [, , retries, outcome] = rows.get(verb)!;
            const wordsOf = (words: string): string => (words === 'an error: CONNECTION_LOST' ? 'an error' : 'retries');
            const [one, other] = [wordsOf(closed), wordsOf(rejected)];
            expect(one === other ? one : `${one} if the server closed it`).toBe(retries);
            if (outcome === 'no such error')
                return expect([unsent.words, unanswered.words].some(hasFailed)).toBe(false);
            expect([unsent.words, unanswered.words]).toEqual(['an error: TIMEOUT', 'an error: TIMEOUT']);
            expect(unsent.hasChanged).toBe(false);
            expect(unanswered.hasChanged ? 'unknown' : 'nothing has changed').toBe(outcome);
        });
    }
});

it('removes the value with a retry of remove, which may return null', async () => {
    const proxy = await opener.faultProxy(server);
    const cache = await opener.cache(proxy);
    await cache.store(null, opener.key, 'value', 60_000);
    proxy.begin(losing('get', 'the reply', 'a reset'));
    expect(await cache.remove(null, opener.key)).toBeNull();
    expect(await cache.retrieve(null, opener.key)).toBeNull();
    expect(cache.getStats().servers[0]!.retries).toBe(1);
});

it('has the result of the table with fail_soft while memcached is unavailable', async () => {
    const dying = await opener.server();
    const soft = await opener.cache(dying, { fail_soft: true, failures: 1, prefix: 'p:', clear: true });
    await dying.kill();
    expect(await perform(soft)).toEqual(cellsOf(4));
});
