// `npm run demo`: shows in four checked scenes how the package helps a small service. It ends by
// itself, with 0 if every scene has shown its claim. `--serve` keeps it running, with a live page.
import { parseArgs } from 'node:util';
import { LiveServer, PortTaken } from './LiveServer.mjs';
import { Narrator } from './Narrator.mjs';
import { NotShown, oneRunsTheJob, restartIsNotNoticed, secondCallIsFast, stampedeIsOneLookUp } from './scenes.mjs';
import { Stage } from './Stage.mjs';

const USAGE = `npm run demo                    tell what there is to see, and end
npm run demo -- --serve         then keep running, with a live page at http://127.0.0.1:8080
npm run demo -- --serve --port 9000
`;

const narrator = new Narrator();
const options = readArguments();
const live = new LiveServer();
const stage = new Stage(what => live.note(what, 'warning'));

let isEnding = false;
/** @type {(code: number) => void} */
let end;
const interrupted = new Promise(resolve => (end = resolve));
for (const [signal, code] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
])) {
    // prettier-ignore
    // With `--serve` the demo runs until the user interrupts it, so an interrupt is a regular end.
    process.once(signal, () => end(live.isServing ? 0 : code));
}
endWithNpm();

const code = await Promise.race([play(), interrupted]);
isEnding = true;
await live.close();
await stage.close();
// Interrupted scenes may still be waiting.
process.exit(code);

async function play() {
    try {
        if (options.serve) await live.listen(options.port);
        await stage.open();
        await Promise.race([tell(), stage.crashed]);
        if (!options.serve) return 0;
        await live.serve(stage);
        narrator.say(`\n${howToLook(live.url)}`);
        return await Promise.race([interrupted, stage.crashed]);
    } catch (failure) {
        const error = await stage.causeOf(failure);
        // An interrupted scene fails because its processes have ended.
        if (isEnding) return 1;
        if (error instanceof NotShown) narrator.failed(error.message);
        else if (error instanceof PortTaken) process.stderr.write(`${error.message}\n`);
        else process.stderr.write(`\nThe demo failed: ${/** @type {Error} */ (error).message}\n`);
        return 1;
    }
}

async function tell() {
    const startMs = performance.now();
    narrator.say('A small service, hosted by the ProcessContainer of Pip.Services, configured by');
    narrator.say('examples/microservice/config.yml: a product catalogue that takes 300 ms per look-up,');
    narrator.say('a cache before it, a lock for a nightly job.\n');
    const { memcacheds } = stage;
    for (const { name, url, pid } of stage.instances) narrator.say(`   ${name}   ${url.padEnd(24)} pid ${pid}`);
    for (const address of memcacheds.addresses) {
        const pid = memcacheds.states.find(state => state.address === address)?.pid;
        narrator.say(`   memcached    ${address.padEnd(24)} ${pid ? `pid ${pid}` : 'not ours'}`);
    }
    await secondCallIsFast(stage, narrator);
    await stampedeIsOneLookUp(stage, narrator);
    await oneRunsTheJob(stage, narrator);
    if (memcacheds.given === null) {
        await restartIsNotNoticed(stage, narrator);
    } else {
        const why = `${memcacheds.given} is your server, which the demo does not kill.`;
        narrator.leftOut('the restart of a memcached under load', why);
    }
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    narrator.say(
        `\nEvery claim held, in ${seconds} s.${options.serve ? '' : ' To play with it: npm run demo -- --serve'}`,
    );
}

/** @param {string} url */
function howToLook(url) {
    return `It keeps running, with 50 requests per second; Ctrl-C ends it.

   ${url}/ in a browser shows what happens, kills memcached, and fires the stampede

   curl ${url}/products/42
   curl ${url}/state                                     what the page shows
   curl ${stage.instances[0].url}/health                                    one instance asks its servers
   curl -X POST -H 'x-demo: 1' ${url}/memcached/0/kill
   curl -X POST -H 'x-demo: 1' ${url}/memcached/0/restart
   curl -X POST -H 'x-demo: 1' ${url}/stampede
`;
}

function readArguments() {
    try {
        const { values } = parseArgs({
            options: {
                serve: { type: 'boolean', default: false },
                port: { type: 'string' },
                help: { type: 'boolean', short: 'h' },
            },
        });
        const port = values.port === undefined ? null : Number(values.port);
        if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
            throw new Error(`--port is ${values.port}, allowed: 0 to 65535`);
        }
        if (!values.help) return { serve: values.serve, port };
        process.stdout.write(USAGE);
        process.exit(0);
    } catch (error) {
        process.stderr.write(`${/** @type {Error} */ (error).message}\n\n${USAGE}`);
        process.exit(2);
    }
}

/**
 * Ends the demo when npm or its shell ends. A signal to npm ends only those two. Without this
 * function, the user cannot interrupt the demo.
 */
function endWithNpm() {
    if (!process.env.npm_lifecycle_event) return;
    const parent = process.ppid;
    const watch = setInterval(() => {
        if (process.ppid !== parent) end(live.isServing ? 0 : 143);
    }, 500);
    watch.unref();
}
