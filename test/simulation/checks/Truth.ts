import { Status } from '../../../src/client/protocol';
import type { Execution, History, KeyState } from '../memcached/History';
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

    /** `options.max_size`. */
    get maxSize(): number {
        return this.run.service.plan.cache.maxSize;
    }

    /** What the key held on its server at some moment between call and answer. */
    during({ startMs, endMs, fullKeys }: Entry, index = 0): KeyState[] {
        const key = fullKeys[index]!;
        return this.historyOf(key).between(key, startMs, endMs);
    }

    historyOf(key: string): History {
        const home = this.run.service.homes.of(key);
        return this.run.servers.find(({ name }) => name === home)!.history;
    }

    /** Requests with this value that changed something. */
    carriedOut(key: string, sent: string): Execution[] {
        const bytes = Buffer.from(sent);
        const alike = this.bySent.get(`${key} ${markOf(bytes)}`) ?? [];
        return alike.filter(one => one.status === Status.OK && one.sent.equals(bytes));
    }
}

/** What tells a value from most others. */
function markOf(value: Buffer): string {
    return value.toString('latin1', 0, 24);
}
