import { clientRivals, variantsOf } from './contenders/index.mjs';
import { optionsOrExit } from './options.mjs';
import { runCase } from './rounds.mjs';
import { startMemcached } from './server/memcached.mjs';
import { caseTable } from './report/table.mjs';

const options = optionsOrExit(process.argv.slice(2));
const { rounds, seconds, warmup } = options;
const memcached = await startMemcached();
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
try {
    for (const kind of [...clientRivals, 'floor'].filter(options.isWanted)) {
        const contenders = await variantsOf(kind);
        for (const scenario of contenders.length > 1 ? options.cases : []) {
            const entries = await runCase({ scenario, contenders, servers: { memcached }, rounds, seconds, warmup });
            console.log(`\n${caseTable({ scenario, entries })}`);
        }
    }
} finally {
    await memcached.stop();
}
