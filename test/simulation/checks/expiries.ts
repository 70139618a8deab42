import { Outcome } from '../../../src/client/protocol/Protocol';
import type { Verb } from '../memcached/Command';
import type { Run } from '../schedule/runPlan';

/** Keys of values without loaders, because load leases have their own expiry. */
const KEY = /^c:(#[^:]+:)?[vntu]\d+$/;
const STORES = new Set<Verb>(['set', 'add', 'replace', 'cas', 'touch', 'getAndTouch']);

/** Checks that no value outlives `options.max_expiration`, rounded up to whole seconds. */
export function checkExpiries({ servers, service }: Run, report: (violation: string) => void): void {
    const max = Math.ceil(service.plan.cache.maxExpirationMs / 1000);
    for (const { key, verb, status, expiry, process } of servers.flatMap(({ history }) => history.executions)) {
        if (!STORES.has(verb) || status !== Outcome.OK || !KEY.test(key)) continue;
        if (expiry === 0 || expiry > max) report(`${process} stored ${key} for ${expiry} s`);
    }
}
