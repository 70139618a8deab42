import { useOpener } from '../support/Opener';
import { handshakeOf, LineServer } from '../support/server/LineServer';

const open = useOpener();

/** Answers reads with these values, in turn, and stores everything. */
function storing(values: readonly string[], stored: string[]): LineServer['script'] {
    let reads = 0;
    return handshakeOf('memcached', line => {
        const opaque = / (O..)$/.exec(line)?.[1];
        if (opaque === undefined) return /^(cas|add) /.test(line) ? '' : (stored.push(line), 'STORED\r\n');
        const value = values[reads++];
        if (value === undefined) return `EN ${opaque}\r\n`;
        const flags = line.includes(' f') ? ` f0 c${reads} ` : ` c${reads} `;
        return `VA ${value.length}${flags}${opaque}\r\n${value}\r\n`;
    });
}

/** Over the meta protocol the client reads back what it has stored. */
describe('a value that another client replaces before the read back', () => {
    it('changes once per update', async () => {
        const stored: string[] = [];
        const server = await open.ending(LineServer.start(storing(['["a"]', '["a","b","c"]'], stored)));
        const cache = await open.cache(server, { protocol: 'meta' });
        const updated = await cache.update<string[]>(null, open.key, list => [...(list ?? []), 'b']);
        expect(updated).toEqual(['a', 'b']);
        expect(stored).toEqual(['["a","b"]']);
    });

    it('is stored, with a CAS that no item has', async () => {
        const server = await open.ending(LineServer.start(storing(['other'], [])));
        const client = await open.client(server, { protocol: 'meta' });
        expect(await client.casSet(open.key, 'mine', 5n)).toEqual({ outcome: 'stored', cas: 2n ** 64n - 1n });
    });
});
