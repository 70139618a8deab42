import { useServer } from '../support/Opener';
import { Peer } from './Peer';

const server = useServer();
const peers: Peer[] = [];

beforeAll(async () => {
    const { port } = server;
    peers.push(...(await Promise.all([Peer.start('binary', port), Peer.start('meta', port)])));
});

afterAll(() => Promise.all(peers.map(peer => peer.end())));

let keys = 0;
const newKey = (): string => `mixed${++keys}`;

describe.each([
    ['binary', 'meta'],
    ['meta', 'binary'],
] as const)('a process that uses %s beside one that uses %s', (name, otherName) => {
    let one: Peer;
    let other: Peer;
    let key: string;

    beforeEach(() => {
        const index = name === 'binary' ? 0 : 1;
        [one, other] = [peers[index]!, peers[1 - index]!];
        key = newKey();
    });

    it('speaks that protocol', async () => {
        expect(await one.call('protocol')).toEqual([name, name]);
        expect(await other.call('protocol')).toEqual([otherName, otherName]);
    });

    it.each([
        ['a text', 'zürich €\r\nEND\r\n'],
        ['an empty text', ''],
        ['a number', 5.5],
        ['false', false],
        ['an object', { id: '1', list: [{ n: 1 }, null] }],
        ['a long text', 'long €'.repeat(100_000)],
        ['a buffer', Buffer.from('VA 3\r\nEND\r\n\0\xff', 'latin1')],
    ])('shares %s', async (_, value) => {
        await one.call('store', key, value);
        expect(await other.call('retrieve', key)).toEqual(value);
        await other.call('store', key, null);
        expect(await one.call('retrieve', key)).toBeNull();
    });

    it('shares the bytes of a large buffer', async () => {
        const value = Buffer.from(Array.from({ length: 900_000 }, (_, i) => (i * 31) % 251));
        await one.call('set', key, value);
        expect(Buffer.compare((await other.call('get', key))!, value)).toBe(0);
    });

    it('shares counters above 2^60', async () => {
        const start = 2n ** 60n + 1n;
        expect(await one.call('create', key, start)).toBe(start);
        expect(await other.call('create', key, 5n)).toBe(start);
        expect(await other.call('count', key, 2n)).toBe(start + 2n);
        expect(await one.call('count', key, 2n ** 63n)).toBe(start + 2n + 2n ** 63n);
        const top = 2n ** 64n - 1n;
        expect(await other.call('count', key, top - (start + 2n + 2n ** 63n))).toBe(top);
    });

    it('respects the locks of the other', async () => {
        const token = await one.call('acquire', key);
        expect(await other.call('acquire', key)).toBeNull();
        expect(await one.call('extend', key)).toBe(true);
        expect(await other.call('acquire', key)).toBeNull();
        await one.call('release', key);
        const next = await other.call('acquire', key);
        expect(next).toBeGreaterThan(token!);
        expect(await one.call('acquire', key)).toBeNull();
        await other.call('release', key);
    });

    it('no longer sees keys that the other has cleared', async () => {
        await one.call('storeCleared', key, 'old');
        expect(await other.call('retrieveCleared', key)).toBe('old');
        await other.call('clear');
        expect(await one.call('retrieveCleared', key)).toBeNull();
        await one.call('storeCleared', key, 'new');
        expect(await other.call('retrieveCleared', key)).toBe('new');
    });
});

describe('a process of each protocol', () => {
    const both = <T>(call: (peer: Peer) => Promise<T>): Promise<T[]> => Promise.all(peers.map(call));

    it('excludes the other by a lock, so that none of 200 increments is lost', async () => {
        const key = newKey();
        await both(peer => peer.call('countLocked', key, 100));
        expect(String(await peers[0]!.call('get', key))).toBe('200');
    });

    it('updates a value without losing an update of the other', async () => {
        const key = newKey();
        await both(peer => peer.call('update', key, 200));
        expect(await peers[0]!.call('retrieve', key)).toBe(400);
    });

    it('loads a cold key once for 200 callers in each process', async () => {
        const answers = await both(peer => peer.call('load', 'cold', 200));
        expect(answers.flatMap(({ values }) => values)).toEqual(Array(400).fill('value'));
        expect(answers.map(({ loads }) => loads).reduce((a, b) => a + b)).toBe(1);
    });
});
