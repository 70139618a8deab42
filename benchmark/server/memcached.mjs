import memcached from '../../scripts/memcached.cjs';
import { answered, ask } from './text.mjs';

// memcached's default memory would evict what the large cases store.
const FLAGS = ['-m', '512', '-t', '2'];

/** A memcached of our own, which ends with us however we end: `{ port, pid, version, flags, flush(), answered(), stop() }`. */
export async function startMemcached() {
    const server = await memcached.startMemcached({ args: FLAGS });
    const { port, pid } = server;
    return {
        port,
        pid,
        version: (await ask(port, 'version\r\n', '\r\n')).toString('latin1').trim().replace('VERSION ', ''),
        flags: FLAGS.join(' '),
        flush: () => ask(port, 'flush_all\r\n', '\r\n'),
        answered: () => answered(port),
        stop: () => server.end(),
    };
}
