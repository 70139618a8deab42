import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCache } from '../../support/openCache';
import { MemcachedProcess } from '../../support/server/MemcachedProcess';

/** `expression; // → value` is checked. */
const CHECKED = /^(\s*)(.+); \/\/ → (.+)$/gm;

it('the examples of docs/cache.md do what they say', async () => {
    const text = readFileSync(join(__dirname, '../../../docs/cache.md'), 'utf8');
    const examples = [...text.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code!);
    expect(examples.length).toBeGreaterThan(5);
    expect(examples.join('').match(CHECKED)!.length).toBeGreaterThan(15);
    const server = await MemcachedProcess.start();
    const cache = await openCache(server, { 'options.prefix': 'docs:' });
    try {
        for (const code of examples) {
            const checked = code.replace(CHECKED, '$1check(($2), ($3));');
            // eslint-disable-next-line @typescript-eslint/no-implied-eval -- examples are text
            const run = new Function('cache', 'context', 'check', `return (async () => {\n${checked}\n})()`);
            const check = (answer: unknown, said: unknown): void => expect(answer).toEqual(said);
            await (run as (...given: unknown[]) => Promise<void>)(cache, null, check);
        }
    } finally {
        await cache.close(null);
        await server.end();
    }
});
