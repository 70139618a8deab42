import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COUNTER_NAMES, LOG_LINES, MemcachedCache, MemcachedClient, MemcachedLock } from 'pip-services4-memcached-node';
import { root } from '../support/root';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { runScript } from '../support/runScript';

const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');

/**
 * Returns the first column without backquotes, from the table between `<!-- name -->` and `<!--
 * /name -->`.
 */
function firstColumn(name: string): string[] {
    const [, table] = new RegExp(`<!-- ${name} -->\\n([^]*?)<!-- /${name} -->`).exec(page)!;
    return [...table!.matchAll(/^\| ([^|`]*)`([^`]+)`/gm)].map(([, level, text]) => `${level}${text}`);
}

it('lists exactly the counters of the sources', () => {
    const names = Object.values(COUNTER_NAMES).flatMap(part => Object.values(part));
    expect(firstColumn('counters').sort()).toEqual([...names].sort());
});

it('lists exactly the log lines of the sources', () => {
    expect(firstColumn('log').sort()).toEqual(Object.values(LOG_LINES).sort());
});

/** Returns the text of a section, without its heading. */
function section(heading: string): string {
    const [, text] = new RegExp(`\n## ${heading}\n([^]*?)\n## `).exec(page)!;
    return text!;
}

it('quotes only log lines and counters of the sources', () => {
    const quoted = [...page.matchAll(/`((?:warn|info): [^`]+)`/g)].map(([, text]) => text!.replace(/\s+/g, ' '));
    expect(quoted.length).toBeGreaterThan(3);
    expect(Object.values(LOG_LINES)).toEqual(expect.arrayContaining(quoted));
    const counters = [...page.matchAll(/`(memcached\.(?:cache|lock)\.\w+)`/g)].map(([, name]) => name!);
    expect(firstColumn('counters')).toEqual(expect.arrayContaining(counters));
});

it('explains every number of getStats', () => {
    const names = [...section('getStats').matchAll(/`(?:latency\.)?(\w+)`/g)].map(([, name]) => name);
    const [server] = new MemcachedClient([{ host: '127.0.0.1', port: 11211 }]).getStats();
    for (const numbers of [server!, server!.latency, new MemcachedCache().getStats(), new MemcachedLock().getStats()])
        expect([...names, 'latency']).toEqual(expect.arrayContaining(Object.keys(numbers)));
});

it('shows an example that traces calls', async () => {
    const [, example] = /```js\n([^]*?)```/.exec(page)!;
    const server = await MemcachedProcess.start();
    const { stdout, stderr } = await runScript(`
        ${example}
        const { MemcachedClient } = require('./src/index.ts');
        (async () => {
            const client = new MemcachedClient([{ host: '${server.host}', port: ${server.port} }]);
            await client.open();
            await client.set('key', 'no number');
            await client.get('key');
            await client.increment('key', 1).catch(() => {});
            await client.close();
        })();
    `);
    const lines = stdout.trim().split('\n').slice(1);
    const line = (text: string): unknown =>
        expect.stringMatching(`^${text.replace('@', `on ${server.address}:`)} in [0-9.]+ ms$`);
    expect(stderr).toBe('');
    expect(lines).toEqual([line('set key @ stored'), line('get key @ hit'), line('increment key @ NOT_A_NUMBER')]);
    await server.end();
});
