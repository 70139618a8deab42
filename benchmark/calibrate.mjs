import { rivals, variantsOf } from './contenders/index.mjs';
import { readOptions, usage } from './options.mjs';
import { runCase } from './rounds.mjs';
import { startMemcached } from './server/memcached.mjs';
import { caseTable } from './report/table.mjs';

const options = readOptions(process.argv.slice(2));
if (options.help) {
    console.log(usage);
    process.exit();
}
const { rounds, seconds, warmup } = options;
const server = await startMemcached();
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
try {
    for (const kind of [...rivals, 'floor'].filter(options.isWanted)) {
        const contenders = await variantsOf(kind);
        for (const scenario of contenders.length > 1 ? options.cases : []) {
            const entries = await runCase({ scenario, contenders, server, rounds, seconds, warmup });
            console.log(`\n${caseTable({ scenario, entries })}`);
        }
    }
} finally {
    await server.stop();
}
