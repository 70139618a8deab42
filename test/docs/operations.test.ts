import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { runScript } from '../support/runScript';

const root = resolve(__dirname, '../..');
const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts'))
    .map(file => readFileSync(join(root, 'src', file), 'utf8'))
    // Without comments, and without templates in templates.
    .map(source => source.replace(/\/\*\*[^]*?\*\/|\s\/\/ .*/g, '').replace(/\$\{[^{}`]*`[^`]*`[^{}`]*\}/g, '${}'));

/** What stands in backquotes in the first column, between `<!-- name -->` and `<!-- /name -->`. */
function firstColumn(name: string): string[] {
    const [, table] = new RegExp(`<!-- ${name} -->\\n([^]*?)<!-- /${name} -->`).exec(page)!;
    return [...table!.matchAll(/^\| [^|`]*`([^`]+)`/gm)].map(([, text]) => text!);
}

it('the table of counters has every name that the sources use, and no other', () => {
    const used = sources.flatMap(source => source.match(/'memcached\.(cache|lock)\.\w+'/g) ?? []);
    expect(used.length).toBeGreaterThan(10);
    expect(firstColumn('counters').sort()).toEqual(used.map(name => name.slice(1, -1)).sort());
});

it('the table of log lines has every line that the sources write, and no other', () => {
    const written = new Set<string>();
    for (const source of sources) {
        const direct = source.matchAll(/(?:log\.(?:warn|info)\(\s*[\w.]+,|risks\.push\()\s*(`[^`]+`|'[^']+')/g);
        const kept = /class \w+Events/.test(source) ? source.matchAll(/(`[^`\n]+`|'[^'\n]+')/g) : [];
        for (const [, text] of [...direct, ...kept]) {
            if (text!.includes(' ')) written.add(text!.slice(1, -1).replace(/\$\{(?:[^{}]|\{[^}]*\})*\}/g, '…'));
        }
    }
    // How a line goes on that was not said for a while.
    written.delete('… (and … others since this was last said)');
    // What stands in the place of a reason.
    written.delete('what it threw is no Error');
    expect(written.size).toBeGreaterThan(10);
    expect(firstColumn('log').sort()).toEqual([...written].sort());
});

it('the example of a trace works', async () => {
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
