import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binaryProtocol } from '../../../../src/client/protocol/binary';
import { metaProtocol } from '../../../../src/client/protocol/meta';
import { Outcome, type StoreMode } from '../../../../src/client/protocol/Protocol';
import { high32, low32 } from '../../../../src/util/uint64';
import { MemcachedProcess } from '../../../support/server/MemcachedProcess';
import { Connection, type Answer, type Request } from './Connection';

/** `MEMCACHED_NEWEST` names a further memcached to compare with. */
const { MEMCACHED_NEWEST } = process.env;
const commands: [string, string | undefined][] = [['the memcached of the checkout', undefined]];
if (MEMCACHED_NEWEST !== undefined) commands.push(['the newest memcached', MEMCACHED_NEWEST]);

const spec = (value: string | Buffer, flagBits = 0, expirySeconds = 0) => ({ value, flagBits, expirySeconds });
const words = (cas: bigint) => [high32(cas), low32(cas)] as const;
const store = (mode: StoreMode, value: string | Buffer, flags = 0, seconds = 0, reply: 'outcome' | 'cas' = 'cas') =>
    ((key: string) => (w, at) => w.store(at, mode, key, spec(value, flags, seconds), reply)) as Make;
const get =
    (key: string): Request =>
    (w, at) =>
        w.get(at, key);

/** Makes a request about a key whose item has this CAS. */
type Make = (key: string, cas: bigint) => Request;

/** A part of an answer that must be the same over both protocols, like the outcome. */
type Part = 'value' | 'flags' | 'counter' | 'cas';

const LARGE = 'v'.repeat(1024 * 1024 - 200);
const TRICKY = 'VA 3\r\nEND\r\n\r\nHD\r\n';

/** A request, the item before it (null: none), and the parts to compare. */
const cases: Record<string, [Make, string | null, ...Part[]]> = {
    'get, hit': [get, 'old', 'value', 'flags', 'cas'],
    'get, miss': [get, null, 'cas'],
    'get, empty': [get, '', 'value', 'flags', 'cas'],
    'get, 1 MiB': [get, LARGE, 'value', 'cas'],
    'get, lines in the value': [get, TRICKY, 'value', 'cas'],
    'get, not ASCII': [get, 'zürich €', 'value', 'cas'],
    'getAndTouch, hit': [key => (w, at) => w.getAndTouch(at, key, 100), 'old', 'value', 'flags', 'cas'],
    'getAndTouch, miss': [key => (w, at) => w.getAndTouch(at, key, 100), null],
    'touch, hit': [key => (w, at) => w.touch(at, key, 100), 'old'],
    'touch, for ever': [key => (w, at) => w.touch(at, key, 0), 'old'],
    'touch, miss': [key => (w, at) => w.touch(at, key, 100), null],
    'touch, a time in the past': [key => (w, at) => w.touch(at, key, 3_000_000), 'old'],
    'set, missing': [store('set', 'new', 0xffffffff, 100), null, 'cas'],
    'set, there': [store('set', 'new', 7, 0xffffffff), 'old', 'cas'],
    'set, empty': [store('set', ''), 'old', 'cas'],
    'set, lines': [store('set', TRICKY), 'old', 'cas'],
    'set, not ASCII': [store('set', 'zürich €'.repeat(200)), 'old', 'cas'],
    'set, large': [store('set', LARGE), 'old', 'cas'],
    'set, large, not ASCII': [store('set', '€'.repeat(100_000)), 'old', 'cas'],
    'set, large bytes': [store('set', Buffer.alloc(900_000, 1)), 'old', 'cas'],
    'set, only the outcome': [store('set', 'new', 3, 0, 'outcome'), 'old'],
    'set, too large': [store('set', 'v'.repeat(1_100_000)), 'old'],
    'add, missing': [store('add', 'new', 5, 100), null, 'cas'],
    'add, not ASCII': [store('add', 'zürich'), null, 'cas'],
    'add, there': [store('add', 'new'), 'old'],
    'add, only the outcome': [store('add', 'new', 5, 0, 'outcome'), null],
    'add, only the outcome, there': [store('add', 'new', 5, 0, 'outcome'), 'old'],
    'add, too large': [store('add', 'v'.repeat(1_100_000)), 'old'],
    'add, large': [store('add', LARGE), null, 'cas'],
    'replace, missing': [store('replace', 'new'), null],
    'replace, there': [store('replace', 'new', 9, 100), 'old', 'cas'],
    'replace, only the outcome': [store('replace', 'new', 9, 0, 'outcome'), 'old'],
    'compareAndStore, same CAS': [
        (key, cas) => (w, at) => w.compareAndStore(at, key, spec('new', 4, 100), ...words(cas)),
        'old',
        'cas',
    ],
    'compareAndStore, other CAS': [
        (key, cas) => (w, at) => w.compareAndStore(at, key, spec('new'), ...words(cas + 1_000_000n)),
        'old',
    ],
    'compareAndStore, missing': [key => (w, at) => w.compareAndStore(at, key, spec('new'), 0, 5), null],
    'compareAndStore, CAS of 64 bits': [
        key => (w, at) => w.compareAndStore(at, key, spec('new'), 0xffffffff, 0xffffffff),
        'old',
    ],
    'compareAndStore, too large': [
        (key, cas) => (w, at) => w.compareAndStore(at, key, spec('v'.repeat(1_100_000)), ...words(cas)),
        'old',
    ],
    'append, there': [key => (w, at) => w.concat(at, 'append', key, '-new'), 'old'],
    'append, missing': [key => (w, at) => w.concat(at, 'append', key, '-new'), null],
    'prepend, there': [key => (w, at) => w.concat(at, 'prepend', key, Buffer.from('new-')), 'old'],
    'prepend, missing': [key => (w, at) => w.concat(at, 'prepend', key, 'new-'), null],
    'delete, there': [key => (w, at) => w.delete(at, key), 'old'],
    'delete, missing': [key => (w, at) => w.delete(at, key), null],
    'compareAndDelete, same CAS': [(key, cas) => (w, at) => w.compareAndDelete(at, key, ...words(cas)), 'old'],
    'compareAndDelete, other CAS': [
        (key, cas) => (w, at) => w.compareAndDelete(at, key, ...words(cas + 1_000_000n)),
        'old',
    ],
    'compareAndDelete, missing': [key => (w, at) => w.compareAndDelete(at, key, 0, 5), null],
    'count up': [key => (w, at) => w.count(at, 'increment', key, 5n, null, 0), '10', 'counter'],
    'count up, beyond 64 bits': [
        key => (w, at) => w.count(at, 'increment', key, 2n, null, 0),
        '18446744073709551615',
        'counter',
    ],
    'count up, all 64 bits': [
        key => (w, at) => w.count(at, 'increment', key, 18446744073709551615n, null, 0),
        '0',
        'counter',
    ],
    'count up, missing': [key => (w, at) => w.count(at, 'increment', key, 5n, null, 0), null],
    'count up, from an initial value': [
        key => (w, at) => w.count(at, 'increment', key, 5n, 18446744073709551615n, 100),
        null,
        'counter',
    ],
    'count up, there, with an initial value': [
        key => (w, at) => w.count(at, 'increment', key, 5n, 100n, 100),
        '1',
        'counter',
    ],
    'count, for ever': [key => (w, at) => w.count(at, 'increment', key, 5n, 0n, 0), null, 'counter'],
    'count, maximum expiry': [key => (w, at) => w.count(at, 'increment', key, 5n, 0n, 0xffffffff), null, 'counter'],
    'count down': [key => (w, at) => w.count(at, 'decrement', key, 5n, null, 0), '100', 'counter'],
    'count down, below 0': [key => (w, at) => w.count(at, 'decrement', key, 5n, null, 0), '3', 'counter'],
    'count, a text': [key => (w, at) => w.count(at, 'increment', key, 5n, null, 0), 'text'],
    noop: [() => (w, at) => w.noop(at), null],
    version: [() => (w, at) => w.version(at), null, 'value'],
    'stat, an empty group': [() => (w, at) => w.stat(at, 'reset'), null],
};

describe.each(commands)('%s', (_, command) => {
    let server: MemcachedProcess;
    let binary: Connection;
    let meta: Connection;

    beforeAll(async () => {
        server = await MemcachedProcess.start({ command, memoryMegabytes: 256 });
        binary = await Connection.open(server.connect(), binaryProtocol);
        meta = await Connection.open(server.connect(), metaProtocol);
    });
    afterAll(async () => {
        binary.close();
        meta.close();
        await server.end();
    });

    /** Returns the effects of the request on an item, over one of the protocols. */
    async function run(connection: Connection, key: string, make: Make, before: string | null, parts: Part[]) {
        let cas = 0n;
        if (before === null) await binary.ask((w, at) => w.delete(at, key));
        else ({ cas } = await binary.ask((w, at) => w.store(at, 'set', key, spec(before, 6, 0), 'cas')));
        const answer = await connection.ask(make(key, cas));
        const after = await binary.ask(get(key));
        return {
            outcome: answer.outcome,
            parts: parts.map(part => (part === 'cas' ? answer.cas === after.cas : brief(answer[part]))),
            after: { outcome: after.outcome, flags: after.flags, value: brief(after.value) },
            isUnchanged: after.cas === cas,
        };
    }

    it.each(Object.entries(cases))('does the same over both protocols: %s', async (name, [make, before, ...parts]) => {
        const key = name.replaceAll(/\W+/g, '-');
        const mode = name.split(',')[0]!;
        const expected = await run(binary, `binary-${key}`, make, before, parts);
        const actual = await run(meta, `meta-${key}`, make, before, parts);
        expect({ ...actual, outcome: general(mode, actual.outcome) }).toEqual({
            ...expected,
            outcome: general(mode, expected.outcome),
        });
        if (parts.includes('cas')) expect(actual.parts.at(-1)).toBe(true);
    });

    it('reads the same statistics', async () => {
        const names = ({ stats }: Answer) => stats.map(([name]) => name);
        for (const group of ['', 'settings', 'items', 'slabs']) {
            const [overBinary, overMeta] = [
                await binary.ask((w, at) => w.stat(at, group)),
                await meta.ask((w, at) => w.stat(at, group)),
            ];
            expect(names(overMeta)).toEqual(names(overBinary));
        }
        const [, version] = (await meta.ask((w, at) => w.stat(at, ''))).stats.find(([name]) => name === 'version')!;
        expect(version).toMatch(/^\d+\.\d+\.\d+/);
    });

    it('rejects an unknown group of statistics, and continues', async () => {
        const [unknown, next] = await meta.send(
            (w, at) => w.stat(at, 'nosuch'),
            (w, at) => w.noop(at),
        );
        expect(unknown!.outcome).not.toBe(Outcome.OK);
        expect(next!.outcome).toBe(Outcome.OK);
    });

    it('answers each of many requests in one write', async () => {
        const makes = Object.entries(cases).filter(([name]) => name !== 'stat, an empty group');
        const answers = await meta.send(
            ...makes.map(([name, [make]]) => make(`many-${name.replaceAll(/\W+/g, '-')}`, 1n)),
        );
        expect(answers).toHaveLength(makes.length);
    });

    it('flushes', async () => {
        await meta.ask((w, at) => w.store(at, 'set', 'flushed', spec('value'), 'outcome'));
        expect((await meta.ask((w, at) => w.flush(at))).outcome).toBe(Outcome.OK);
        expect((await meta.ask(get('flushed'))).outcome).toBe(Outcome.NOT_FOUND);
    });
});

/**
 * memcached deletes the item of a failed `ms` in every mode. A lock must survive the attempts of
 * others to take it, also when there is no memory.
 */
describe.each(commands)('%s, without memory (-M)', (_, command) => {
    const value = 'x'.repeat(20);
    const others: Record<string, Make> = {
        add: key => (w, at) => w.store(at, 'add', key, spec(value), 'outcome'),
        'add, with its CAS': key => (w, at) => w.store(at, 'add', key, spec(value), 'cas'),
        replace: key => (w, at) => w.store(at, 'replace', key, spec(value), 'outcome'),
        'compareAndStore, same CAS': (key, cas) => (w, at) => w.compareAndStore(at, key, spec(value), ...words(cas)),
        'compareAndStore, other CAS': key => (w, at) => w.compareAndStore(at, key, spec(value), 0, 1),
        append: key => (w, at) => w.concat(at, 'append', key, value),
        prepend: key => (w, at) => w.concat(at, 'prepend', key, value),
    };

    let server: MemcachedProcess;
    let meta: Connection;

    beforeAll(async () => {
        server = await MemcachedProcess.start({ command, withoutEviction: true, memoryMegabytes: 2 });
        meta = await Connection.open(server.connect(), metaProtocol);
        for (const key of [...Object.keys(others).map(keyOf), 'set']) {
            await meta.ask((w, at) => w.store(at, 'set', key, spec(value), 'outcome'));
        }
        await meta.ask((w, at) => w.store(at, 'set', 'counter', spec('9'), 'outcome'));
        for (const size of [0, 10, 20, 30, 40, 60, 80]) await fill(size);
    });
    afterAll(async () => {
        meta.close();
        await server.end();
    });

    /** Uses up the memory for values of this size. */
    async function fill(size: number): Promise<void> {
        const add =
            (key: string): Request =>
            (w, at) =>
                w.store(at, 'add', key, spec('x'.repeat(size)), 'outcome');
        for (let i = 0, isFull = false; !isFull; i++) {
            const answers = await meta.send(...Array.from({ length: 500 }, (_, j) => add(`${size}-${i}-${j}`)));
            isFull = answers.at(-1)!.outcome === Outcome.OUT_OF_MEMORY;
        }
    }

    const keyOf = (name: string) => `lock-${name.replaceAll(/\W+/g, '-')}`;

    it.each(Object.entries(others))('keeps the item: %s', async (name, make) => {
        const key = keyOf(name);
        const { cas } = await meta.ask(get(key));
        expect(await meta.ask(make(key, cas))).toMatchObject({ outcome: Outcome.OUT_OF_MEMORY, cas: 0n });
        expect(await meta.ask(get(key))).toMatchObject({ outcome: Outcome.OK, value, cas });
    });

    it('keeps a counter that would need more memory, and creates none', async () => {
        const count =
            (key: string): Request =>
            (w, at) =>
                w.count(at, 'increment', key, 1n, 1n, 100);
        expect((await meta.ask(count('counter'))).outcome).toBe(Outcome.OUT_OF_MEMORY);
        expect(await meta.ask(get('counter'))).toMatchObject({ outcome: Outcome.OK, value: '9' });
        expect((await meta.ask(count('new-counter'))).outcome).toBe(Outcome.OUT_OF_MEMORY);
    });

    it('deletes the item of a set, as over binary', async () => {
        expect((await meta.ask((w, at) => w.store(at, 'set', 'set', spec(value), 'outcome'))).outcome).toBe(
            Outcome.OUT_OF_MEMORY,
        );
        expect((await meta.ask(get('set'))).outcome).toBe(Outcome.NOT_FOUND);
    });
});

describe.each(commands)('%s, with logins (-Y)', (_, command) => {
    it('accepts the right password only, and asks for one', async () => {
        const directory = mkdtempSync(join(tmpdir(), 'logins-'));
        const file = join(directory, 'logins');
        writeFileSync(file, 'user:secret\n');
        const server = await MemcachedProcess.start({ command, args: ['-Y', file] });
        const meta = await Connection.open(server.connect(), metaProtocol);
        const login =
            (password: string): Request =>
            (w, at) =>
                w.login(at, { username: 'user', password });
        try {
            expect((await meta.ask(get('key'))).outcome).toBe(Outcome.AUTH_ERROR);
            expect((await meta.ask(login('wrong'))).outcome).toBe(Outcome.AUTH_ERROR);
            expect((await meta.ask(login('secret'))).outcome).toBe(Outcome.OK);
            expect((await meta.ask(get('key'))).outcome).toBe(Outcome.NOT_FOUND);
        } finally {
            meta.close();
            await server.end();
            rmSync(directory, { recursive: true });
        }
    });

    it('leaves no password on a server without logins', async () => {
        const server = await MemcachedProcess.start({ command });
        const meta = await Connection.open(server.connect(), metaProtocol);
        const [login, read] = await meta.send(
            (w, at) => w.login(at, { username: 'user', password: 'secret' }),
            get('login'),
        );
        expect([login!.outcome, read!.outcome]).toEqual([Outcome.OK, Outcome.NOT_FOUND]);
        meta.close();
        await server.end();
    });
});

/** Returns one outcome for an unmet condition, which has a name in each protocol. */
function general(mode: string, outcome: number): number {
    const conditions: Record<string, number[]> = {
        add: [Outcome.EXISTS, Outcome.NOT_STORED],
        replace: [Outcome.NOT_FOUND, Outcome.NOT_STORED],
    };
    return conditions[mode]?.includes(outcome) ? Outcome.NOT_STORED : outcome;
}

/** Shortens large values, which would fill the report of a failure. */
function brief(part: string | number | bigint | null): string {
    const text = String(part);
    return text.length < 100 ? text : `${text.length} characters, ${text.slice(0, 40)}`;
}
