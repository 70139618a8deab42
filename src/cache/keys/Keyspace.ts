import { checkKey } from '../../client/model/validate';
import { TokenChanged } from '../../client/calls/GuardedCall';
import type { Commands } from '../../client/Commands';
import { TOKEN_BYTES } from '../../client/calls/Namespace';
import type { ComponentConnection } from '../../connect/ComponentConnection';
import { noPrefix } from '../model/errors';
import { NamespaceTokens } from './NamespaceTokens';

/** The outcome of a verb on many keys. */
export interface BatchOutcome {
    /** The full keys. A key whose token is unknown begins with a line break. */
    readonly fullKeys: readonly string[];
    readonly failed: ReadonlyMap<string, Error>;
}

/** A verb on full keys and their indexes, null for all. Returns the failed keys. */
export type BatchVerb = (
    fullKeys: readonly string[],
    indexes: readonly number[] | null,
) => Promise<ReadonlyMap<string, Error>>;

/**
 * The maker of full keys: prefix, token (with `options.clear`) and key. `GuardedCall` confirms
 * every reply under a token. If the token has changed, `Keyspace` repeats the call.
 */
export class Keyspace {
    /** Whether full keys have a token, which needs `options.clear` and a prefix. */
    isGuarded = false;
    private tokens: NamespaceTokens | null = null;

    /** @param onChange receives a head whose values are out of reach */
    constructor(
        private readonly connection: ComponentConnection,
        private readonly onChange: (head: string) => void,
    ) {}

    /** Applies changes of the options and of the connection. */
    reset(): void {
        const { clear, prefix } = this.connection.options;
        this.isGuarded = clear && prefix !== '';
        this.tokens = null;
    }

    /**
     * Returns the full key, or a promise for it if the token is unknown.
     * @throws BadRequestException INVALID_KEY
     */
    resolve(key: string): string | Promise<string> {
        const fullKey = this.connection.fullKey(key);
        if (!this.isGuarded) return fullKey;
        const tokens = this.tokensOf(this.connection.commands);
        const resolved = tokens.resolve(key);
        if (resolved !== null) return resolved;
        // The client checks complete keys only. An invalid key fails even with an unknown token.
        this.check(fullKey);
        return tokens.fetch(key);
    }

    /**
     * Calls `use` with the full key, and again when its token has changed meanwhile.
     *
     * No verb may yield before it queues its request, so that calls leave in order. Exceptions are
     * verbs that fetch a token or compress a value. `retrieve`, `store` and `retrieveOrLoad` follow
     * the rule without `withFullKey`, to save the closure.
     * @throws BadRequestException INVALID_KEY
     */
    withFullKey<T>(key: string, use: (fullKey: string) => Promise<T>): Promise<T> {
        const found = this.resolve(key);
        const outcome = typeof found === 'string' ? use(found) : found.then(use);
        if (!this.isGuarded) return outcome;
        return outcome.catch((error: unknown) => {
            if (!this.isMoved(error)) throw error;
            return this.withFullKey(key, use);
        });
    }

    /**
     * Performs a verb on all keys, and again on those whose token has changed. Sends nothing if any
     * key is invalid.
     * @throws BadRequestException INVALID_KEY
     */
    async each(keys: readonly string[], perform: BatchVerb): Promise<BatchOutcome> {
        const fullKeys = keys.map(key => {
            const fullKey = this.connection.fullKey(key);
            this.check(fullKey);
            return fullKey;
        });
        if (!this.isGuarded) return { fullKeys, failed: await perform(fullKeys, null) };
        const failed = new Map<string, Error>();
        for (let left = [...keys.keys()]; left.length > 0;) {
            const resolving = this.resolveEach(left.map(i => keys[i]!));
            const resolved = resolving instanceof Promise ? await resolving : resolving;
            left.forEach((index, i) => {
                const found = resolved[i]!;
                fullKeys[index] = typeof found === 'string' ? found : `\n${keys[index]!}`;
                if (typeof found !== 'string') failed.set(fullKeys[index], found);
            });
            left = left.filter((_, i) => typeof resolved[i] === 'string');
            if (left.length === 0) break;
            const ready = left.map(i => fullKeys[i]!);
            const errors = await perform(ready, left);
            left = left.filter(i => this.isMoved(errors.get(fullKeys[i]!)));
            for (const [fullKey, error] of errors) if (!(error instanceof TokenChanged)) failed.set(fullKey, error);
        }
        return { fullKeys, failed };
    }

    /** Returns whether a call waits for a token. */
    get isFetching(): boolean {
        return this.tokens?.isFetching ?? false;
    }

    /** Resolves when no current call waits for a token. */
    async fetched(): Promise<void> {
        await this.tokens?.fetched();
    }

    /** Returns whether to repeat the call, because the token of its key has changed. */
    isMoved(error: unknown): boolean {
        if (!(error instanceof TokenChanged)) return false;
        this.tokens?.adopt(error);
        return true;
    }

    /**
     * Puts all values under the prefix out of reach.
     * @throws ConfigException NO_PREFIX when `options.clear` is off or `options.prefix` is empty
     */
    async clear(): Promise<void> {
        const { commands } = this.connection;
        if (!this.isGuarded) throw noPrefix();
        await this.tokensOf(commands).clear();
    }

    /** Returns an array if all tokens are known, by the rule of `withFullKey`. */
    private resolveEach(keys: readonly string[]): (string | Error)[] | Promise<(string | Error)[]> {
        const resolved = keys.map(key => this.resolve(key));
        if (resolved.every(found => typeof found === 'string')) return resolved;
        return Promise.all(resolved.map(found => Promise.resolve(found).catch((error: unknown) => error as Error)));
    }

    private check(fullKey: string): void {
        const { maxKeyBytes } = this.connection.commands.limits;
        const problem = checkKey(fullKey, this.isGuarded ? maxKeyBytes - TOKEN_BYTES : maxKeyBytes);
        if (problem !== null) throw problem;
    }

    private tokensOf(commands: Commands): NamespaceTokens {
        if (this.tokens?.commands === commands) return this.tokens;
        return (this.tokens = new NamespaceTokens(commands, this.connection.options.prefix, this.onChange));
    }
}
