// Runs all checks that CI runs, the quick ones first. It stops after the first stage with a failed
// step. A step ends with 77 if this machine cannot run all of it. The report names such steps.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';

/**
 * The stages. A stage begins when the one before it has ended. Its steps run side by side, one per
 * core, the longest first. Steps that measure time or leave files for others have their own stage.
 */
const stages = [
    { 'Set-up': ['scripts/setup.mjs', '--build'] },
    {
        Lint: ['run', 'lint'],
        Package: ['run', 'test:package'],
        Ecosystem: ['run', 'test:ecosystem'],
        Types: ['run', 'types'],
        'API reference': ['run', 'docs', '--', '--emit', 'none'],
        Format: ['run', 'format:check'],
    },
    { 'Unit and integration tests': ['test'] },
    { Servers: ['run', 'test:servers'] },
    { 'End-to-end tests': ['run', 'test:e2e'] },
    { 'Soak tests': ['run', 'test:soak'] },
    { Page: ['run', 'test:page'] },
];

const LEFT_OUT = 77;

const results = [];
const start = performance.now();
for (const stage of stages) {
    const done = await runStage(Object.entries(stage));
    results.push(...done);
    if (done.some(({ outcome }) => outcome === 'failed')) break;
}
report();

/** @param {[string, string[]][]} steps */
async function runStage(steps) {
    const done = [];
    const waiting = [...steps];
    const isAlone = steps.length === 1;
    const work = async () => {
        for (let step = waiting.shift(); step; step = waiting.shift()) done.push(await runStep(step, isAlone));
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    return done;
}

/** Runs a step. A step that runs alone prints at once, and other steps print at their end. */
async function runStep([title, args], isAlone) {
    if (isAlone) console.log(`\n=== ${title}`);
    const stepStart = performance.now();
    const isScript = args[0].endsWith('.mjs');
    const [command, ...before] = isScript ? [process.execPath] : ['npm', '--silent'];
    const child = spawn(command, [...before, ...args], { stdio: isAlone ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
    const closed = once(child, 'close');
    const outputs = isAlone ? [] : await Promise.all([text(child.stdout), text(child.stderr)]);
    const [status] = await closed;
    if (!isAlone) console.log(`\n=== ${title}\n${outputs.join('').trim()}`);
    const outcome = status === 0 ? 'ok' : status === LEFT_OUT ? 'skipped' : 'failed';
    const again = `${isScript ? 'node' : 'npm'} ${args.join(' ')}`;
    return { title, outcome, again, ms: performance.now() - stepStart };
}

function report() {
    console.log();
    for (const { title, outcome, again, ms } of results) {
        const note = outcome === 'ok' ? outcome : `${outcome}. Alone: ${again}`;
        console.log(`${title.padEnd(28)}${seconds(ms)}  ${note}`);
    }
    const isGood = results.every(({ outcome }) => outcome !== 'failed');
    const skipped = results.filter(({ outcome }) => outcome === 'skipped').map(({ title }) => title);
    const note = skipped.length > 0 ? `  skipped, at least in part: ${skipped.join(', ')}` : '';
    console.log(`${(isGood ? 'All good' : 'Not good').padEnd(28)}${seconds(performance.now() - start)}${note}`);
    process.exitCode = isGood ? 0 : 1;
}

/** @param {number} ms */
function seconds(ms) {
    return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}
