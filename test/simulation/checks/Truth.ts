import { Status } from '../../../src/client/protocol';
import type { Execution, KeyState } from '../memcached/History';
import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';

/** What the servers say about a call. */
export class Truth {
    /** What was carried out, by the bytes that were sent. */
    private readonly bySent = new Map<string, Execution[]>();

    constructor(private readonly run: Run) {
        for (const { history } of run.servers) {
            for (const execution of history.executions) {
                const sent = markOf(execution.sent);
                if (sent === '') continue;
                const name = `${execution.key} ${sent}`;
                const same = this.bySent.get(name);
                if (same === undefined) this.bySent.set(name, [execution]);
                else same.push(execution);
            }
        }
    }

    /** What the key held on its server at some moment between call and answer. */
    during({ startMs, endMs, notes }: Entry, key: string, index = 0): KeyState[] {
        const homes = notes.get('homes') as readonly string[];
        return this.run.servers
            .filter(({ name }) => homes[index] === name)
            .flatMap(({ history }) => history.between(key, startMs, endMs));
    }

    /** Requests with this value that changed something. */
    carriedOut(key: string, sent: string): Execution[] {
        const mark = markOf(Buffer.from(sent));
        return (this.bySent.get(`${key} ${mark}`) ?? []).filter(({ status }) => status === Status.OK);
    }
}

/** What tells a value from all others. */
export function markOf(value: Buffer): string {
    return value.toString('latin1', 0, 24);
}
