// `npm run demo`: shows in five checked scenes how the package helps a small service. It ends by
// itself, with 0 if every scene has shown its claim. `--serve` keeps it running, with a live page.
import { readArguments } from './arguments.mjs';
import { LiveServer, PortTaken } from './live/LiveServer.mjs';
import { Stage } from './stage/Stage.mjs';
import { NotShown } from './story/claims.mjs';
import { Narrator } from './story/Narrator.mjs';
import { tell } from './story/tell.mjs';

const options = readArguments();
const narrator = new Narrator();
const live = new LiveServer();
const stage = new Stage({
    onChange: (change, name) => live.noteChange(change, name),
    onWarning: warning => live.note(warning, 'warning'),
});

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
// The reader of a pipe has ended, for example `head`. It is like a SIGPIPE, which Node ignores.
process.stdout.on('error', () => end(141));
endWithNpm();

const code = await Promise.race([play(), interrupted]);
isEnding = true;
narrator.isSilent = true;
await live.close();
await stage.close();
// Interrupted scenes may still be waiting.
process.exit(code);

async function play() {
    try {
        if (options.serve) await live.listen(options.port);
        await stage.open(options.protocol);
        const startMs = performance.now();
        await Promise.race([tell(stage, narrator), stage.crashed]);
        const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
        narrator.say(`\nEvery claim held, in ${seconds} s.`);
        if (!options.serve) {
            narrator.say('To play with it: npm run demo -- --serve');
            return 0;
        }
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

/** @param {string} url */
function howToLook(url) {
    const actions = stage.fleet
        ? ['memcached/0/kill', 'memcached/0/restart', 'rolling-restart', 'fleet/grow', 'fleet/shrink', 'stampede']
        : ['stampede'];
    const [{ url: instance }] = stage.instances;
    return `It keeps running, with 50 requests per second; Ctrl-C ends it.

   ${url}/ in a browser shows what happens, and has buttons for it

   curl ${url}/products/42
   curl ${url}/state                     what the page shows
   curl ${instance}/health                    one instance asks its servers
${actions.map(action => `   curl -X POST -H 'x-demo: 1' ${url}/${action}`).join('\n')}
`;
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
