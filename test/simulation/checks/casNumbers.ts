import { OVERWRITTEN_CAS } from '../../../src/client/model/Item';
import type { History } from '../memcached/History';
import type { Run } from '../schedule/runPlan';

/**
 * Checks that the client sends a CAS only to the server that has returned it, and only until a
 * restart. Other servers and a restarted server use the same numbers for other items.
 */
export function checkCasNumbers(run: Run, report: (violation: string) => void): void {
    for (const { history } of run.servers) checkServer(history, report);
}

function checkServer({ server, executions, losses }: History, report: (violation: string) => void): void {
    /** CAS numbers that the server has returned, as `process key cas`. */
    let shown = new Set<string>();
    let nextLoss = 0;
    for (const { atMs, process, key, requestCas, before, after } of executions) {
        for (; losses[nextLoss]! < atMs; nextLoss++) shown = new Set();
        const isNumber = requestCas !== 0n && requestCas !== OVERWRITTEN_CAS;
        if (isNumber && !shown.has(`${process} ${key} ${requestCas}`))
            report(`${process} sent the CAS ${requestCas} of ${key} to ${server}, which never returned it`);
        for (const item of [before, after]) if (item !== null) shown.add(`${process} ${key} ${item.cas}`);
    }
}
