import type { History } from '../memcached/History';
import type { Run } from '../schedule/runPlan';

/**
 * A CAS is compared only on the server that has given it, and only while that keeps its memory: another
 * server, or the same one after a restart, gives the same number to another item.
 */
export function checkCasNumbers(run: Run, report: (violation: string) => void): void {
    for (const { history } of run.servers) checkServer(history, report);
}

function checkServer({ server, executions, losses }: History, report: (violation: string) => void): void {
    /** By process, key, and number. */
    let shown = new Set<string>();
    let nextLoss = 0;
    for (const { atMs, process, key, requestCas, before, after } of executions) {
        for (; losses[nextLoss]! < atMs; nextLoss++) shown = new Set();
        if (requestCas !== 0n && !shown.has(`${process} ${key} ${requestCas}`))
            report(`${process} compares ${key} on ${server} with ${requestCas}, which that has never answered`);
        for (const item of [before, after]) if (item !== null) shown.add(`${process} ${key} ${item.cas}`);
    }
}
