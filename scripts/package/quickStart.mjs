import { readFileSync } from 'node:fs';
import { PackageFault } from './Project.mjs';

/** Runs the README's script for new users, word for word. */
export async function runQuickStart(project, env) {
    const readme = readFileSync(project.path('node_modules/pip-services4-memcached-node/README.md'), 'utf8');
    const [, script] = /```js\n([^]*?)```/.exec(readme) ?? [];
    if (script === undefined) throw new PackageFault('The README has no quick start.');
    project.write('quick-start.mjs', script);
    const said = await project.node(['quick-start.mjs'], env);
    const expected = "cached for 30 s: { name: 'Ann' }\nlocked\n";
    if (said !== expected) throw new PackageFault(`The quick start of the README said\n${said}`);
    console.log('The quick start of the README does what it says.');
}
