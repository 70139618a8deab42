import { codeOf } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { LOGIN } from '../workload/settings';
import { World } from '../world/World';

/**
 * Checks that logins fail only after a server has refused a login, and that no error contains the
 * password.
 */
export function checkLogins({ ledger, service }: Run, report: (violation: string) => void): void {
    const firstMs = Math.min(
        ...service.plan.faults.filter(({ kind }) => kind === 'refuse').map(({ atMs }) => World.START_MS + atMs),
    );
    for (const { process, step, error, endMs } of ledger.entries) {
        if (error === null) continue;
        const call = `${process} #${step.id} ${step.verb}`;
        if (codeOf(error) === 'AUTH_FAILED' && endMs < firstMs) report(`${call} failed with AUTH_FAILED`);
        if (JSON.stringify([error.message, error]).includes(LOGIN.password))
            report(`${call} failed with an error that contains the password`);
    }
}
