import { parseArgs } from 'node:util';

import { cases } from './cases.mjs';

const usage = `npm run bench -- [options]           all contenders in all cases
npm run bench -- calibrate [options]  settings of the other clients and of the floor
npm run bench -- memory               heap growth after many calls or locks, and the bytes of waiting calls
npm run bench -- alternatives         this package beside packages on Redis [--quick, --report]
npm run bench -- handover             200 waiters for one lock, beside locks on Redis
npm run bench -- fleet                5 servers against one, and one of 5 killed under load

  --cases <id,…>      only these; a part of an id will do: --cases get,@64
  --only <name,…>     only these contenders: ours, memjs, memcached, memcache-client, memcache, floor
  --rounds <n>        rounds per contender and case (5)
  --seconds <s>       length of a round (1)
  --quick             2 rounds of 0.3 s
  --out <folder>      where the results go (benchmark/results)

cases: ${cases.map(({ id }) => id).join(' ')}`;

const MAX_ROUNDS = 50;
const MAX_SECONDS = 10;

function bounded(text, name, max) {
    const value = Number(text);
    if (!(value > 0 && value <= max)) throw new Error(`--${name} is ${text}, allowed: more than 0, at most ${max}`);
    return value;
}

/** Ends the process after printing the help, or when an argument is unknown. */
export function optionsOrExit(args) {
    try {
        const options = readOptions(args);
        if (!options.help) return options;
        console.log(usage);
        process.exit(0);
    } catch (error) {
        console.error(`${error.message}\n\nnpm run bench -- --help`);
        process.exit(1);
    }
}

function readOptions(args) {
    const { values } = parseArgs({
        args,
        options: {
            cases: { type: 'string' },
            only: { type: 'string' },
            rounds: { type: 'string' },
            seconds: { type: 'string' },
            quick: { type: 'boolean' },
            out: { type: 'string' },
            help: { type: 'boolean', short: 'h' },
        },
    });
    const parts = values.cases?.split(',');
    const chosen = parts ? cases.filter(({ id }) => parts.some(part => id === part || id.includes(part))) : cases;
    if (chosen.length === 0)
        throw new Error(`--cases ${values.cases} matches none of: ${cases.map(c => c.id).join(' ')}`);
    const names = values.only?.split(',');
    const seconds = bounded(values.seconds ?? (values.quick ? 0.3 : 1), 'seconds', MAX_SECONDS);
    return {
        help: values.help ?? false,
        cases: chosen,
        isPartial: chosen.length < cases.length || names !== undefined || (values.quick ?? false),
        // 'ours' selects both pool sizes.
        isWanted: kind => names === undefined || names.includes(kind),
        rounds: Math.ceil(bounded(values.rounds ?? (values.quick ? 2 : 5), 'rounds', MAX_ROUNDS)),
        seconds,
        warmup: Math.min(0.3, seconds / 2),
        out: values.out,
    };
}
