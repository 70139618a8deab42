import { randomBytes } from 'node:crypto';
import type { Commands } from '../../client/Commands';
import type { MemcachedServer } from '../../client/server/MemcachedServer';
import type { TokenChanged } from '../../client/calls/GuardedCall';
import { isToken, type Namespace } from '../../client/calls/Namespace';

const RANDOM_BYTES = 6;

/**
 * The token of each server. A full key begins with a head, which is the prefix and the token of the
 * key's server. `clear` deletes the tokens, and the next call makes new ones.
 */
export class NamespaceTokens {
    private readonly namespace: Namespace;
    private readonly heads = new WeakMap<object, string>();
    /** The head without a token, for finding the server of a key. */
    private readonly placedHead: string;
    private readonly fetching = new Map<MemcachedServer, Promise<string>>();

    /** @param onChange receives a head whose values are out of reach */
    constructor(
        readonly commands: Commands,
        prefix: string,
        private readonly onChange: (head: string) => void,
    ) {
        this.namespace = commands.cluster.namespaces.of(prefix);
        this.placedHead = this.namespace.head('');
    }

    /** Returns the full key, or null if the token is unknown. */
    resolve(key: string): string | null {
        const head = this.heads.get(this.serverOf(key));
        return head === undefined ? null : head + key;
    }

    /** Fetches the token. If its server leaves the list, asks the new server of the key. */
    async fetch(key: string): Promise<string> {
        const server = this.serverOf(key);
        try {
            return (await this.fetchHead(server)) + key;
        } catch (error) {
            if (this.commands.cluster.servers.includes(server)) throw error;
            return this.fetch(key);
        }
    }

    get isFetching(): boolean {
        return this.fetching.size > 0;
    }

    /** Resolves when all current fetches have settled. */
    async fetched(): Promise<void> {
        await Promise.allSettled(this.fetching.values());
    }

    adopt({ namespace, server, token }: TokenChanged): void {
        if (namespace === this.namespace) this.remember(server, token);
    }

    async clear(): Promise<void> {
        const { commands, namespace } = this;
        const clearing = commands.cluster.servers.map(async server => {
            await commands.internal.delete(namespace.tokenKey, { server });
            this.remember(server, null);
        });
        const outcomes = await Promise.allSettled(clearing);
        const failed = outcomes.find(outcome => outcome.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
    }

    private serverOf(key: string): MemcachedServer {
        return this.commands.cluster.server(this.placedHead + key);
    }

    /** Returns the head of the server. Calls that need it at the same time share one fetch. */
    private fetchHead(server: MemcachedServer): Promise<string> {
        const { fetching } = this;
        let head = fetching.get(server);
        if (head === undefined) {
            head = this.findOrMakeToken(server).finally(() => fetching.delete(server));
            fetching.set(server, head);
        }
        return head;
    }

    /** Returns the head with the server's token. If there is none, stores a new, random token. */
    private async findOrMakeToken(server: MemcachedServer): Promise<string> {
        const { namespace } = this;
        const commands = this.commands.internal;
        for (;;) {
            const { value } = await commands.gets(namespace.tokenKey, { server });
            const found = value === null ? null : this.remember(server, value.toString('latin1'));
            if (found !== null) return found;
            if (value !== null) await commands.delete(namespace.tokenKey, { server });
            const token = randomBytes(RANDOM_BYTES).toString('base64url');
            if ((await commands.casAdd(namespace.tokenKey, token, { server })) !== null)
                return this.remember(server, token)!;
        }
    }

    /** Stores the token of the server. Returns its head, or null if the token is invalid. */
    private remember(server: object, token: string | null): string | null {
        const { heads } = this;
        const known = heads.get(server) ?? null;
        const head = token !== null && isToken(token) ? this.namespace.head(token) : null;
        if (head === null) heads.delete(server);
        else heads.set(server, head);
        if (known !== null && known !== head) this.onChange(known);
        return head;
    }
}
