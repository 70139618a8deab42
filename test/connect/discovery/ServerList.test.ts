import { CredentialParams } from 'pip-services4-config-node';
import type { ServerAddress, ServerChange } from 'pip-services4-memcached-node';
import { formatAddress } from '../../../src/client/model/ServerAddress';
import { ComponentLogger } from '../../../src/component/ComponentLogger';
import { Access } from '../../../src/connect/discovery/Access';
import { ServerList } from '../../../src/connect/discovery/ServerList';
import type { SourceAnswer } from '../../../src/connect/discovery/ServerSource';
import { TlsSettings } from '../../../src/connect/tls/TlsSettings';
import { RecordingLogger } from '../../support/RecordingLogger';
import { ScriptedSource, places } from './ScriptedSource';

const credential = new CredentialParams();
const access = new Access(credential, new TlsSettings(credential), undefined);
const never = new AbortController().signal;

let logger: RecordingLogger;
let list: ServerList;
let random: jest.SpyInstance<number>;
/** The hosts in use, sorted. */
let inUse: string[];
/** The updates that the client got. */
let updates: number;
let lookUpAccess: (last: Access | null) => Promise<Access>;

/** A client that knows only its list. */
const user = {
    servers: [] as readonly ServerAddress[],
    update(servers: readonly ServerAddress[]): ServerChange {
        updates++;
        const [before, after] = [this.servers.map(formatAddress), servers.map(formatAddress)];
        this.servers = servers;
        inUse = servers.map(({ host }) => host).sort();
        return {
            added: after.filter(address => !before.includes(address)),
            removed: before.filter(address => !after.includes(address)),
            replaced: [],
            reweighted: [],
        };
    },
};

beforeEach(() => {
    jest.useFakeTimers();
    // The middle of the jitter is the interval itself.
    random = jest.spyOn(Math, 'random').mockReturnValue(0.5);
    logger = new RecordingLogger();
    updates = 0;
    lookUpAccess = () => Promise.resolve(access);
});

afterEach(() => {
    list.stop();
    expect(jest.getTimerCount()).toBe(0);
    random.mockRestore();
    jest.useRealTimers();
});

/** Opens and follows the sources of a configuration. */
async function follow(sources: readonly ScriptedSource[], intervalMs: number | null = null): Promise<void> {
    const log = new ComponentLogger();
    log.setReferences(logger.references());
    const configured = new ScriptedSource('the configuration', { servers: [], sources }, null);
    list = new ServerList(configured, { intervalMs, log, context: 'trace', lookUpAccess: last => lookUpAccess(last) });
    const { servers } = await list.open(never);
    user.servers = [];
    user.update(servers);
    updates = 0;
    list.follow(user);
}

const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

describe('one source', () => {
    let source: ScriptedSource;

    beforeEach(() => {
        source = new ScriptedSource('x', { servers: places('a') });
    });

    it('is asked at open, and then once per interval', async () => {
        await follow([source]);
        expect([source.asked, inUse]).toEqual([1, ['a']]);
        await pass(999);
        expect(source.asked).toBe(1);
        await pass(1);
        expect(source.asked).toBe(2);
        await pass(3000);
        expect(source.asked).toBe(5);
        expect(logger.lines).toEqual([]);
    });

    it.each([
        [0, 900],
        [1 - 2 ** -53, 1100],
    ])('varies its interval by up to a tenth: %d', async (chance, ms) => {
        random.mockReturnValue(chance);
        await follow([source]);
        await pass(ms - 1);
        expect(source.asked).toBe(1);
        await pass(1);
        expect(source.asked).toBe(2);
    });

    it('has the interval of the option, if that is set', async () => {
        await follow([source], 5000);
        await pass(4999);
        expect(source.asked).toBe(1);
        await pass(1);
        expect(source.asked).toBe(2);
        expect(list.mayChange).toBe(true);
    });

    it.each([
        ['the option', 1000, 0],
        ['the source', 0, null],
    ])('is asked only at open if %s says so', async (_, defaultMs, optionMs) => {
        source = new ScriptedSource('x', { servers: places('a') }, defaultMs);
        await follow([source], optionMs);
        list.onDown('a:11211');
        await pass(1_000_000);
        expect([source.asked, list.mayChange]).toEqual([1, false]);
    });

    it('is asked one question at a time, and an interval after the answer', async () => {
        await follow([source]);
        source.answer = () => new Promise(resolve => setTimeout(resolve, 5000, { servers: places('b') }));
        await pass(5999);
        expect([source.asked, inUse]).toEqual([2, ['a']]);
        await pass(1);
        expect(inUse).toEqual(['b']);
        await pass(999);
        expect(source.asked).toBe(2);
        await pass(1);
        expect(source.asked).toBe(3);
        await pass(5000);
    });

    it.each([
        ['10 seconds', 20, 10_000],
        ['the interval of the option if it is longer', 60_000, 60_000],
    ])('is given up after %s, and its late answer is ignored', async (_, intervalMs, patienceMs) => {
        await follow([source], intervalMs);
        const answerLate = source.hangs();
        await pass(intervalMs + patienceMs - 1);
        expect([logger.lines, source.signals[1]!.aborted]).toEqual([[], false]);
        await pass(1);
        expect(source.signals[1]!.aborted).toBe(true);
        expect(logger.lines).toEqual([
            `warn the lookup of x failed, keeping its servers: no reply from discovery or a credential store within ${patienceMs} ms`,
        ]);
        answerLate({ servers: places('late') });
        source.returns('b');
        await pass(intervalMs - 1);
        expect([source.asked, inUse]).toEqual([2, ['a']]);
        await pass(1);
        expect([source.asked, inUse]).toEqual([3, ['b']]);
        expect(logger.count(/lookup of x works again/)).toBe(1);
    });

    it('logs a failure once, and its recovery once', async () => {
        await follow([source], 10);
        for (let cycle = 0; cycle < 2; cycle++) {
            source.fails('away');
            await pass(50);
            source.returns('a');
            await pass(50);
        }
        const failed = 'warn the lookup of x failed, keeping its servers: away';
        const recovered = 'info the lookup of x works again';
        expect(logger.lines).toEqual([failed, recovered, failed, recovered]);
        expect(source.asked).toBe(21);
    });

    it('logs each change once', async () => {
        await follow([source]);
        source.returns('b', 'c');
        await pass(5000);
        expect(logger.lines).toEqual(['info the servers changed: added: b:11211, c:11211; removed: a:11211']);
        expect(logger.contexts).toEqual(['trace']);
    });

    it('logs each kind of change', async () => {
        await follow([source]);
        const change = { added: ['a:1', 'b:2'], removed: ['c:3'], replaced: ['d:4'], reweighted: ['e:5'] };
        jest.spyOn(user, 'update').mockReturnValueOnce(change);
        await pass(1000);
        expect(logger.lines).toEqual([
            'info the servers changed: added: a:1, b:2; removed: c:3; reconnected: d:4; reweighted: e:5',
        ]);
    });

    it('fails while the credential cannot be read', async () => {
        await follow([source]);
        lookUpAccess = () => Promise.reject(new Error('no store'));
        source.returns('b');
        await pass(2000);
        expect([inUse, logger.lines]).toEqual([['a'], ['warn the lookup of x failed, keeping its servers: no store']]);
        lookUpAccess = () => Promise.resolve(access);
        await pass(1000);
        expect(inUse).toEqual(['b']);
    });

    it('is asked no more after stop, and its late answer or failure is ignored', async () => {
        await follow([source]);
        const answerLate = source.hangs();
        await pass(1000);
        list.stop();
        expect(source.signals[1]!.aborted).toBe(false);
        await pass(0);
        expect(source.signals[1]!.aborted).toBe(true);
        answerLate({ servers: places('late') });
        await pass(100_000);
        expect([source.asked, updates, logger.lines]).toEqual([2, 0, []]);
    });
});

it('applies nothing after stop, in whichever step of a lookup that falls', async () => {
    const outcomes = new Set<number>();
    for (let step = 0; step < 30; step++) {
        const source = new ScriptedSource('x', { servers: places('a') });
        await follow([source]);
        let atStop = -1;
        const stopLater = async () => {
            for (let i = 0; i < step; i++) await Promise.resolve();
            list.stop();
            atStop = updates;
        };
        source.answer = () => {
            void stopLater();
            return Promise.resolve({ servers: places('b') });
        };
        await pass(2000);
        expect(updates).toBe(atStop);
        outcomes.add(atStop);
    }
    expect(outcomes).toEqual(new Set([0, 1]));
});

describe('a server that goes down', () => {
    let source: ScriptedSource;

    beforeEach(async () => {
        source = new ScriptedSource('x', { servers: places('a', 'b') }, 60_000);
        await follow([source]);
    });

    it('makes its source answer at once, and at most every 5 seconds', async () => {
        await pass(30_000);
        list.onDown('a:11211');
        await pass(0);
        expect(source.asked).toBe(2);
        list.onDown('b:11211');
        await pass(4999);
        expect(source.asked).toBe(2);
        await pass(1);
        expect(source.asked).toBe(3);
        await pass(59_999);
        expect(source.asked).toBe(3);
        await pass(1);
        expect(source.asked).toBe(4);
    });

    it('makes its source answer again if it goes down during a lookup', async () => {
        await pass(59_000);
        const answer = source.hangs();
        await pass(1000);
        list.onDown('a:11211');
        await pass(100);
        answer({ servers: places('a', 'b') });
        await pass(4899);
        expect(source.asked).toBe(2);
        await pass(1);
        expect(source.asked).toBe(3);
    });

    it('does not delay a lookup that is due', async () => {
        await pass(57_000);
        list.onDown('a:11211');
        list.onDown('a:11211');
        await pass(0);
        expect(source.asked).toBe(2);
    });

    it('does not delay the next lookup of a source with a short interval', async () => {
        list.stop();
        source = new ScriptedSource('x', { servers: places('a') }, 1000);
        await follow([source]);
        const answer = source.hangs();
        await pass(1000);
        list.onDown('a:11211');
        answer({ servers: places('a') });
        await pass(999);
        expect(source.asked).toBe(2);
        await pass(1);
        expect(source.asked).toBe(3);
    });

    it('does not concern other sources', async () => {
        await pass(30_000);
        list.onDown('c:11211');
        await pass(1000);
        expect(source.asked).toBe(1);
    });

    it('leaves with the next answer without it', async () => {
        list.stop();
        source = ScriptedSource.ofHosts('x', 'a', 'b');
        await follow([source]);
        await pass(500);
        source.returns('b');
        await pass(500);
        expect(inUse).toEqual(['a', 'b']);
        list.onDown('a:11211');
        await pass(4999);
        expect(inUse).toEqual(['b']);
        // A server that returns counts as up.
        source.returns('a', 'b');
        await pass(1000);
        source.returns('b');
        await pass(1000);
        expect(inUse).toEqual(['a', 'b']);
    });

    it('stays, if it is up again, until it has been missing three times', async () => {
        list.stop();
        source = ScriptedSource.ofHosts('x', 'a', 'b');
        await follow([source]);
        list.onDown('a:11211');
        list.onUp('a:11211');
        source.returns('b');
        await pass(2000);
        expect(inUse).toEqual(['a', 'b']);
        await pass(1000);
        expect(inUse).toEqual(['b']);
    });
});

describe('several sources', () => {
    let one: ScriptedSource;
    let other: ScriptedSource;

    beforeEach(() => {
        one = new ScriptedSource('one', { servers: places('a') }, 1000);
        other = new ScriptedSource('other', { servers: places('b') }, 300);
    });

    it('each have their interval, and their servers count once', async () => {
        await follow([one, other]);
        other.returns('a', 'c');
        await pass(3000);
        expect([one.asked, other.asked, inUse]).toEqual([4, 11, ['a', 'c']]);
    });

    it('must all answer at open', async () => {
        other.fails('away');
        await expect(follow([one, other])).rejects.toThrow('away');
        await pass(100_000);
        expect([one.asked, other.asked]).toEqual([1, 1]);
    });

    it.each<[string, (source: ScriptedSource) => void]>([
        ['fails', source => source.fails('away')],
        ['is silent', source => void source.hangs()],
    ])('do not disturb each other when one %s', async (_, breakIt) => {
        await follow([one, other]);
        breakIt(one);
        await pass(1000);
        other.returns('c');
        await pass(300);
        expect(inUse).toEqual(['a', 'c']);
        other.returns('d');
        await pass(12_000);
        expect(inUse).toEqual(['a', 'd']);
        expect(logger.count(/lookup of one failed, keeping its servers/)).toBe(1);
        expect(logger.count(/lookup of other failed/)).toBe(0);
        one.returns('e');
        await pass(12_000);
        expect(inUse).toEqual(['d', 'e']);
    });
});

it('ignores the late answer of a source when another one answers', async () => {
    const one = new ScriptedSource('one', { servers: places('a') }, 1000);
    const other = new ScriptedSource('other', { servers: places('b') }, 700);
    await follow([one, other]);
    const answerLate = one.hangs();
    await pass(11_000);
    expect(logger.count(/lookup of one failed/)).toBe(1);
    answerLate({ servers: places('late') });
    one.hangs();
    other.returns('c');
    await pass(700);
    expect(inUse).toEqual(['a', 'c']);
});

describe('a source that names sources', () => {
    let inner: ScriptedSource;
    let outer: ScriptedSource;
    const naming = (...sources: ScriptedSource[]): SourceAnswer => ({ servers: places('a'), sources });

    beforeEach(() => {
        inner = new ScriptedSource('inner', { servers: places('b') }, 300);
        outer = new ScriptedSource('outer', naming(inner), 1000);
    });

    it('has their servers too, and they keep their interval and their servers', async () => {
        await follow([outer]);
        expect(inUse).toEqual(['a', 'b']);
        inner.returns('c');
        await pass(300);
        expect(inUse).toEqual(['a', 'c']);
        inner.fails('away');
        await pass(3000);
        expect([outer.asked, inner.asked, inUse]).toEqual([4, 12, ['a', 'c']]);
    });

    it('begins with a new one, and stops one that is gone', async () => {
        await follow([outer]);
        const added = new ScriptedSource('added', { servers: places('d') }, 400);
        outer.answer = () => Promise.resolve(naming(added));
        await pass(1000);
        expect(inUse).toEqual(['a', 'd']);
        const { asked } = inner;
        added.returns('e');
        await pass(400);
        expect([inner.asked, inUse]).toEqual([asked, ['a', 'e']]);
    });

    it('keeps the old ones while a new one does not answer', async () => {
        await follow([outer]);
        const added = new ScriptedSource('added', { servers: [] }, 400);
        added.fails('away');
        outer.answer = () => Promise.resolve(naming(added));
        await pass(2000);
        expect([inUse, logger.count(/lookup of outer failed.*away/)]).toEqual([['a', 'b'], 1]);
        added.returns('d');
        await pass(1000);
        expect(inUse).toEqual(['a', 'd']);
    });

    it('is followed alone, or they alone', async () => {
        outer = new ScriptedSource('outer', naming(inner), 0);
        await follow([outer]);
        await pass(3000);
        expect([outer.asked, inner.asked, list.mayChange]).toEqual([1, 11, true]);
    });
});
