import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useOpener, useServer } from '../../support/Opener';
import { root } from '../../support/root';

/** The pattern of a line `expression; // → value`, which the test checks. */
const CHECKED = /^(\s*)(.+); \/\/ → (.+)$/gm;

const server = useServer();
const open = useOpener();

it('gets the documented results from the examples of docs/cache.md', async () => {
    const text = readFileSync(join(root, 'docs/cache.md'), 'utf8');
    const examples = [...text.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code!);
    expect(examples.length).toBeGreaterThan(5);
    expect(examples.join('').match(CHECKED)!.length).toBeGreaterThan(15);
    const cache = await open.cache(server, { prefix: 'docs:', clear: true });
    const check = (answer: unknown, said: unknown): void => expect(answer).toEqual(said);
    for (const code of examples) {
        const checked = code.replace(CHECKED, '$1check(($2), ($3));');
        // eslint-disable-next-line @typescript-eslint/no-implied-eval -- examples are text
        const run = new Function('cache', 'context', 'check', `return (async () => {\n${checked}\n})()`);
        await (run as (...given: unknown[]) => Promise<void>)(cache, null, check);
    }
});
