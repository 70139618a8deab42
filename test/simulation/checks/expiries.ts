import { Opcode } from '../../../src/client/protocol/binary/constants';
import { Outcome } from '../../../src/client/protocol/Protocol';
import type { Run } from '../schedule/runPlan';

/** Keys of values that are not loaded: a lease has a time of its own. */
const KEY = /^c:(#[^:]+:)?[vntu]\d+$/;
const STORES = new Set<number>([Opcode.SET, Opcode.SETQ, Opcode.ADD, Opcode.REPLACE, Opcode.TOUCH, Opcode.GAT]);

/** No value is asked to live longer than `options.max_expiration`, rounded up to whole seconds. */
export function checkExpiries({ servers, service }: Run, report: (violation: string) => void): void {
    const most = Math.ceil(service.plan.cache.maxExpirationMs / 1000);
    for (const { key, opcode, status, expiry, process } of servers.flatMap(({ history }) => history.executions)) {
        if (!STORES.has(opcode) || status !== Outcome.OK || !KEY.test(key)) continue;
        if (expiry === null || expiry === 0 || expiry > most) report(`${process} has stored ${key} for ${expiry} s`);
    }
}
