// What CI runs: everything that must hold, the quick things first. Stops at the first that does not. A step that cannot be done
// here ends with 77, and is named at the end.
import { spawnSync } from 'node:child_process';

const steps = [
    ['Set-up', ['scripts/setup.mjs', '--build']],
    ['Lint', ['run', 'lint']],
    ['Format', ['run', 'format:check']],
    ['Types', ['run', 'types']],
    ['API reference', ['run', 'docs', '--', '--emit', 'none']],
    ['Unit and integration tests', ['test']],
    ['End-to-end tests', ['run', 'test:e2e']],
    ['Soak tests', ['run', 'test:soak']],
    ['Package', ['run', 'test:package']],
    ['Page', ['run', 'test:page']],
];

const LEFT_OUT = 77;
const leftOut = [];

const seconds = since => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const start = performance.now();
for (const [title, args] of steps) {
    console.log(`\n=== ${title}`);
    const stepStart = performance.now();
    const isScript = args[0].endsWith('.mjs');
    const [command, ...before] = isScript ? [process.execPath] : ['npm', '--silent'];
    const { status, error } = spawnSync(command, [...before, ...args], { stdio: 'inherit' });
    if (status === LEFT_OUT) {
        leftOut.push(title);
        continue;
    }
    if (status !== 0) {
        const again = isScript ? `node ${args.join(' ')}` : `npm ${args.join(' ')}`;
        console.error(
            `\n${title} failed after ${seconds(stepStart)}${error ? `: ${error.message}` : ''}. Alone: ${again}`,
        );
        process.exit(1);
    }
    console.log(`--- ${title}: ${seconds(stepStart)}`);
}
const exceptions = leftOut.length > 0 ? `, but not done here: ${leftOut.join(', ')}` : '';
console.log(`\nAll good${exceptions}: ${seconds(start)}`);
