import { Opcode } from '../../../src/client/protocol/binary/constants';
import { Outcome } from '../../../src/client/protocol/Protocol';
import type { Run } from '../schedule/runPlan';

/** Keys of values without loaders, because load leases have their own expiry. */
const KEY = /^c:(#[^:]+:)?[vntu]\d+$/;
const STORES = new Set<number>([Opcode.SET, Opcode.SETQ, Opcode.ADD, Opcode.REPLACE, Opcode.TOUCH, Opcode.GAT]);

/** Checks that no value outlives `options.max_expiration`, rounded up to whole seconds. */
export function checkExpiries({ servers, service }: Run, report: (violation: string) => void): void {
    const max = Math.ceil(service.plan.cache.maxExpirationMs / 1000);
    for (const { key, opcode, status, expiry, process } of servers.flatMap(({ history }) => history.executions)) {
        if (!STORES.has(opcode) || status !== Outcome.OK || !KEY.test(key)) continue;
        if (expiry === null || expiry === 0 || expiry > max) report(`${process} stored ${key} for ${expiry} s`);
    }
}
