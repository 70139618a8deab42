import { randomBytes } from 'node:crypto';
import type { MemcachedClient } from '../client/MemcachedClient';
import type { MemcachedServer } from '../client/MemcachedServer';
import type { TokenChanged } from '../client/GuardedCall';
import { isToken, type Namespace } from '../client/Namespace';

const RANDOM_BYTES = 6;

/**
 * What stands before the keys of each server: the prefix and the token of the server. `clear` deletes
 * the tokens, and the next call makes a new one.
 */
export class Tokens {
    private readonly namespace: Namespace;
    private readonly heads = new WeakMap<object, string>();
    /** Before a key that is placed. */
    private readonly placedHead: string;
    private readonly asking = new Map<MemcachedServer, Promise<string>>();

    /** @param onChange what was stored under keys with this head is out of reach */
    constructor(
        readonly client: MemcachedClient,
        prefix: string,
        private readonly onChange: (head: string) => void,
    ) {
        this.namespace = client.namespaces.of(prefix);
        this.placedHead = this.namespace.head('');
    }

    /** The key as memcached has it; a promise while the token has to be asked for. */
    find(key: string): string | Promise<string> {
        const server = this.client.server(this.placedHead + key);
        const head = this.heads.get(server);
        return head === undefined ? this.findOn(server, key) : head + key;
    }

    learn({ namespace, server, token }: TokenChanged): void {
        if (namespace === this.namespace) this.know(server, token);
    }

    /** Puts what was stored on every server out of reach. */
    async clear(): Promise<void> {
        const { client, namespace } = this;
        const clearing = client.nodes.map(async server => {
            await client.deleteAt(server, namespace.tokenKey);
            this.know(server, null);
        });
        const outcomes = await Promise.allSettled(clearing);
        const failed = outcomes.find(outcome => outcome.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
    }

    /** If the server has left the list meanwhile, the key has another one. */
    private async findOn(server: MemcachedServer, key: string): Promise<string> {
        try {
            return (await this.ask(server)) + key;
        } catch (error) {
            if (this.client.nodes.includes(server)) throw error;
            return this.find(key);
        }
    }

    /** Calls that need the token of a server at once ask once. */
    private ask(server: MemcachedServer): Promise<string> {
        const { asking } = this;
        let answer = asking.get(server);
        if (answer === undefined) {
            answer = this.findToken(server).finally(() => asking.delete(server));
            asking.set(server, answer);
        }
        return answer;
    }

    /** Only `add` brings a token into use, and each token once. So what is out of reach stays there. */
    private async findToken(server: MemcachedServer): Promise<string> {
        const { client, namespace } = this;
        for (;;) {
            const { value } = await client.gets(namespace.tokenKey, { server });
            const found = value === null ? null : this.know(server, value.toString('latin1'));
            if (found !== null) return found;
            if (value !== null) await client.deleteAt(server, namespace.tokenKey);
            const token = randomBytes(RANDOM_BYTES).toString('base64url');
            if ((await client.casAdd(namespace.tokenKey, token, { server })) !== null) return this.know(server, token)!;
        }
    }

    /** The head with this token; null when it is none. */
    private know(server: object, token: string | null): string | null {
        const { heads } = this;
        const known = heads.get(server) ?? null;
        const head = token !== null && isToken(token) ? this.namespace.head(token) : null;
        if (head === null) heads.delete(server);
        else heads.set(server, head);
        if (known !== null && known !== head) this.onChange(known);
        return head;
    }
}
