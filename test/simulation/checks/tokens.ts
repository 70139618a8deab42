import { Outcome } from '../../../src/client/protocol/Protocol';
import { TOKEN_KEY } from '../memcached/History';
import type { Run } from '../schedule/runPlan';

/** Checks that no token returns, because the values under an old token would return with it. */
export function checkTokens({ servers }: Run, report: (violation: string) => void): void {
    for (const { history } of servers) {
        const seen = new Set<string>();
        for (const { key, verb, status, sent, process } of history.executions) {
            if (key !== TOKEN_KEY || verb !== 'add' || status !== Outcome.OK) continue;
            const token = sent.toString();
            if (seen.has(token)) report(`${process} stored the token ${token} on ${history.server} again`);
            seen.add(token);
        }
    }
}
