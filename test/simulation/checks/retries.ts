import type { Run } from '../schedule/runPlan';
import { valueOf } from '../workload/values';
import { Truth } from './Truth';

/** Stores that the client may retry. */
const STORES = /^(set|replace|setMany|store|replace value|storeMany)$/;

/** Checks that servers execute no store more often than `options.retries` allows. */
export function checkRetries(run: Run, report: (violation: string) => void): void {
    const { plan } = run.service;
    const max = 1 + plan.client.retries;
    const truth = new Truth(run);
    for (const { step, fullKeys, process } of run.ledger.entries) {
        if (!STORES.test(step.verb)) continue;
        for (const [i, key] of fullKeys.entries()) {
            const value = valueOf(step, i);
            const sent = key.startsWith('c:') ? JSON.stringify(value) : value;
            const { length } = truth.executed(key, sent);
            if (length > max) report(`${process} #${step.id} ${step.verb} ${key} was executed ${length} times`);
        }
    }
}
