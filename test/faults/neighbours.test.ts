import type { ClientOptions, MemcachedClient } from 'pip-services4-memcached-node';
import { GetCall, readFetched } from '../../src/client/calls/getCalls';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';

const NEIGHBOURS = 100;
const MIB = 1024 * 1024;

/** Sends one invalid call in the same write as a hundred valid calls. */
describe('an invalid call among valid ones', () => {
    const server = useServer();
    const open = useOpener();
    let client: MemcachedClient;

    async function begin(options: ClientOptions = {}): Promise<void> {
        client = await open.client(server, options);
        await Promise.all(Array.from({ length: NEIGHBOURS }, (_, i) => client.set(`key${i}`, `value of key${i}`)));
    }

    /** Sends calls before and after the invalid call, and returns its outcome. */
    async function amongNeighbours(bad: () => Promise<unknown>): Promise<unknown> {
        const neighbour = async (i: number): Promise<void> => {
            if (i % 2 === 0) expect(await client.set(`key${i}`, `value of key${i}`)).toBe(true);
            else expect((await client.get(`key${i}`)).value?.toString()).toBe(`value of key${i}`);
        };
        const before = Array.from({ length: NEIGHBOURS / 2 }, (_, i) => neighbour(i));
        const call = codeOf(bad());
        const after = Array.from({ length: NEIGHBOURS / 2 }, (_, i) => neighbour(i + NEIGHBOURS / 2));
        await Promise.all([...before, ...after]);
        return call;
    }

    it.each([
        ['empty', ''],
        ['of 251 bytes', 'k'.repeat(251)],
        ['of 252 bytes in 126 characters', 'é'.repeat(126)],
        ['with a blank', 'a b'],
        ['with a line break', 'a\r\nflush_all\r\n'],
    ])('fails alone when its key is %s', async (_, key) => {
        await begin();
        expect(await amongNeighbours(() => client.get(key))).toBe('INVALID_KEY');
        expect(await amongNeighbours(() => client.set(key, 'value'))).toBe('INVALID_KEY');
        expect(await amongNeighbours(() => client.getMany(['key1', key]))).toBe('INVALID_KEY');
    });

    it('fails alone when only the server rejects its key as too long and closes the connection', async () => {
        await begin();
        const unchecked = new GetCall('k'.repeat(300), readFetched, null);
        const send = (): Promise<unknown> => client.commands.cluster.server(unchecked.key).send(unchecked, false);
        expect(await amongNeighbours(send)).toBe('SERVER_ERROR');
    });

    it('fails alone when its value exceeds the limit of the client', async () => {
        await begin({ maxValueBytes: 1000 });
        expect(await amongNeighbours(() => client.set('large', 'v'.repeat(1001)))).toBe('VALUE_TOO_LARGE');
    });

    it('fails alone when its value exceeds the limit of the server', async () => {
        await begin({ maxValueBytes: 2 * MIB });
        expect(await amongNeighbours(() => client.set('large', 'v'.repeat(1.5 * MIB)))).toBe('VALUE_TOO_LARGE');
    });

    it('fails alone when it increments a value that is not a number', async () => {
        await begin();
        expect(await amongNeighbours(() => client.increment('key1', 1))).toBe('NOT_A_NUMBER');
    });
});
