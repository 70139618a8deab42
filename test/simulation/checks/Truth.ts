import { Outcome as Status } from '../../../src/client/protocol/Protocol';
import { TOKEN_KEY, type Execution, type History, type KeyState } from '../memcached/History';
import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';

const PREFIX = 'c:';
const TOKEN = /^c:#([^:]+):/;

/**
 * What the servers say about a call. With `options.clear` the keys of the cache have a token: what
 * lies under another token than that in use is out of reach.
 */
export class Truth {
    /** What was carried out, by the bytes that were sent. */
    private readonly bySent = new Map<string, Execution[]>();
    private readonly hasTokens: boolean;

    constructor(private readonly run: Run) {
        this.hasTokens = run.service.plan.cache.hasClear;
        for (const { history } of run.servers) {
            for (const execution of history.executions) {
                const sent = markOf(execution.sent);
                if (sent === '') continue;
                const name = `${this.plainKey(execution.key)} ${sent}`;
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
        return this.between(fullKeys[index]!, startMs, endMs);
    }

    between(key: string, fromMs: number, toMs: number): KeyState[] {
        const history = this.historyOf(key);
        if (!this.isGuarded(key)) return history.between(key, fromMs, toMs);
        return history.between(TOKEN_KEY, fromMs, toMs).flatMap(token => {
            if (token.item === null) return [token];
            const placed = `${PREFIX}#${token.item.value.toString()}:${key.slice(PREFIX.length)}`;
            return history.between(placed, Math.max(fromMs, token.fromMs), Math.min(toMs, token.toMs));
        });
    }

    /** Requests for the key that are like this. */
    executionsOf(key: string, isWanted: (execution: Execution) => boolean): Execution[] {
        const { executions } = this.historyOf(key);
        return this.inReach(
            key,
            executions.filter(one => this.plainKey(one.key) === key && isWanted(one)),
        );
    }

    /** Requests with this value that changed something. */
    carriedOut(key: string, sent: string): Execution[] {
        const bytes = Buffer.from(sent);
        const alike = this.bySent.get(`${key} ${markOf(bytes)}`) ?? [];
        return this.inReach(
            key,
            alike.filter(one => one.status === Status.OK && one.sent.equals(bytes)),
        );
    }

    /** How often the token of the key's server changed meanwhile. */
    changesDuring({ startMs, endMs, fullKeys }: Entry): number {
        if (!this.hasTokens) return 0;
        return Math.max(0, ...fullKeys.map(key => this.historyOf(key).between(TOKEN_KEY, startMs, endMs).length - 1));
    }

    /** The servers that had the same token all the time. */
    uncleared({ startMs, endMs }: Entry): string[] {
        return this.run.servers
            .map(({ history }) => history)
            .filter(history => history.between(TOKEN_KEY, startMs, endMs).every(({ item }) => item !== null))
            .map(({ server }) => server);
    }

    historyOf(key: string): History {
        const home = this.run.service.homes.of(key);
        return this.run.servers.find(({ name }) => name === home)!.history;
    }

    /** Those under the last token of them all that was in use. The others count as not made: the call is repeated. */
    private inReach(key: string, executions: readonly Execution[]): Execution[] {
        if (!this.isGuarded(key)) return [...executions];
        const inUse = executions.filter(one => one.token !== null && TOKEN.exec(one.key)?.[1] === one.token);
        const last = inUse.at(-1);
        return last === undefined ? [] : inUse.filter(one => one.token === last.token);
    }

    private isGuarded(key: string): boolean {
        return this.hasTokens && key.startsWith(PREFIX);
    }

    private plainKey(key: string): string {
        return this.hasTokens ? key.replace(TOKEN, PREFIX) : key;
    }
}

/** What tells a value from most others. */
function markOf(value: Buffer): string {
    return value.toString('latin1', 0, 24);
}
