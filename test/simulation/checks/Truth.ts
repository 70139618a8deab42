import { Outcome as Status } from '../../../src/client/protocol/Protocol';
import { TOKEN_KEY, type Execution, type History, type KeyState } from '../memcached/History';
import type { Entry } from '../schedule/Ledger';
import type { Run } from '../schedule/runPlan';
import { Places } from './Places';

const PREFIX = 'c:';
const TOKEN = /^c:#([^:]+):/;

/**
 * Requests that the servers have executed for each call. With `options.clear` the keys of the cache
 * carry a token. Items under an older token are unreachable.
 */
export class Truth {
    /** Executed requests by the value that they carry. */
    private readonly bySent = new Map<string, Execution[]>();
    private readonly byKey = new Map<string, Execution[]>();
    private readonly hasTokens: boolean;
    private readonly histories = new Map<string, History>();
    readonly places: Places;

    constructor(private readonly run: Run) {
        this.hasTokens = run.service.plan.cache.hasClear;
        this.places = new Places(run);
        for (const { name, history } of run.servers) {
            this.histories.set(name, history);
            for (const execution of history.executions) {
                const plainKey = this.plainKey(execution.key);
                const ofKey = this.byKey.get(plainKey);
                if (ofKey === undefined) this.byKey.set(plainKey, [execution]);
                else ofKey.push(execution);
                const sent = markOf(execution.sent);
                if (sent === '') continue;
                const mark = `${plainKey} ${sent}`;
                const same = this.bySent.get(mark);
                if (same === undefined) this.bySent.set(mark, [execution]);
                else same.push(execution);
            }
        }
    }

    /** Value of `options.max_size`. */
    get maxSize(): number {
        return this.run.service.plan.cache.maxSize;
    }

    /**
     * Returns every state of the key between the call and its result, on each server that may own
     * it.
     */
    during(entry: Entry, index = 0): KeyState[] {
        const { startMs, endMs, fullKeys } = entry;
        return this.places
            .of(entry, index)
            .flatMap(server => this.between(this.historyOf(server), fullKeys[index]!, startMs, endMs));
    }

    historyOf(server: string): History {
        return this.histories.get(server)!;
    }

    private between(history: History, key: string, fromMs: number, toMs: number): KeyState[] {
        if (!this.isGuarded(key)) return history.between(key, fromMs, toMs);
        return history.between(TOKEN_KEY, fromMs, toMs).flatMap(token => {
            if (token.item === null) return [token];
            const placed = `${PREFIX}#${token.item.value.toString()}:${key.slice(PREFIX.length)}`;
            return history.between(placed, Math.max(fromMs, token.fromMs), Math.min(toMs, token.toMs));
        });
    }

    /** Returns the requests for the key that match. */
    executionsOf(key: string, isWanted: (execution: Execution) => boolean): Execution[] {
        return this.reachable(key, (this.byKey.get(key) ?? []).filter(isWanted));
    }

    /** Returns the successful requests that carry this value. */
    executed(key: string, sent: string): Execution[] {
        const bytes = Buffer.from(sent);
        const alike = this.bySent.get(`${key} ${markOf(bytes)}`) ?? [];
        return this.reachable(
            key,
            alike.filter(one => one.status === Status.OK && one.sent.equals(bytes)),
        );
    }

    /**
     * Counts the changes of the token of a key during the call, including moves to another server.
     */
    changesDuring(entry: Entry): number {
        if (!this.hasTokens) return 0;
        const { startMs, endMs, fullKeys } = entry;
        const changesOn = (server: string): number =>
            this.historyOf(server).between(TOKEN_KEY, startMs, endMs).length - 1;
        const changes = fullKeys.map((_, i) =>
            this.places.of(entry, i).reduce((sum, server) => sum + changesOn(server), 0),
        );
        return Math.max(0, ...changes) + this.places.changesDuring(entry);
    }

    /** Returns the listed servers that keep their token during the call. */
    uncleared(entry: Entry): string[] {
        const { startMs, endMs } = entry;
        return this.places.atStart(entry).filter(server =>
            this.historyOf(server)
                .between(TOKEN_KEY, startMs, endMs)
                .every(({ item }) => item !== null),
        );
    }

    /**
     * Keeps the requests under the last valid token. Earlier requests do not count, because the
     * cache retries the call.
     */
    private reachable(key: string, executions: readonly Execution[]): Execution[] {
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

/** Returns a prefix that distinguishes most values. */
function markOf(value: Buffer): string {
    return value.toString('latin1', 0, 24);
}
