import { checkKey } from '../../client/model/validate';
import { TokenChanged } from '../../client/calls/GuardedCall';
import type { Commands } from '../../client/Commands';
import { TOKEN_BYTES } from '../../client/calls/Namespace';
import type { ComponentConnection } from '../../connect/ComponentConnection';
import { noPrefix } from '../model/errors';
import { NamespaceTokens } from './NamespaceTokens';

/** What became of a verb on many keys. */
export interface Placed {
    /** As memcached has them. One whose server could not be asked for its token has a line break. */
    readonly fullKeys: readonly string[];
    /** By full key. */
    readonly failed: ReadonlyMap<string, Error>;
}

/** A verb on full keys and their indexes, null for all; answers which have failed. */
export type VerbOnMany = (
    fullKeys: readonly string[],
    indexes: readonly number[] | null,
) => Promise<ReadonlyMap<string, Error>>;

/**
 * Keys as memcached has them: the prefix, with `options.clear` a token, and the key. Every reply is
 * confirmed by the token of its server (see `GuardedCall`). If that has changed, the call is repeated.
 */
export class Keyspace {
    /** Replies are confirmed: `options.clear` beside a prefix. */
    isGuarded = false;
    private known: NamespaceTokens | null = null;

    /** @param onChange what was stored under keys with this head is out of reach */
    constructor(
        private readonly user: ComponentConnection,
        private readonly onChange: (head: string) => void,
    ) {}

    /** The options have changed, or another memcached may be behind the connection. */
    reset(): void {
        const { clear, prefix } = this.user.options;
        this.isGuarded = clear && prefix !== '';
        this.known = null;
    }

    /**
     * The key as memcached has it; a promise while its token has to be asked for.
     * @throws BadRequestException INVALID_KEY
     */
    resolve(key: string): string | Promise<string> {
        const fullKey = this.user.fullKey(key);
        return this.isGuarded ? this.tokensOf(this.user.commands).resolve(key) : fullKey;
    }

    /**
     * Performs a verb on all keys, and again on those whose token has changed. Nothing is sent if one of
     * the keys is invalid.
     * @throws BadRequestException INVALID_KEY
     */
    async each(keys: readonly string[], perform: VerbOnMany): Promise<Placed> {
        const { maxKeyBytes } = this.user.commands.limits;
        const mostBytes = this.isGuarded ? maxKeyBytes - TOKEN_BYTES : maxKeyBytes;
        const fullKeys = keys.map(key => {
            const fullKey = this.user.fullKey(key);
            const problem = checkKey(fullKey, mostBytes);
            if (problem !== null) throw problem;
            return fullKey;
        });
        if (!this.isGuarded) return { fullKeys, failed: await perform(fullKeys, null) };
        const failed = new Map<string, Error>();
        for (let left = [...keys.keys()]; left.length > 0;) {
            const finding = this.resolveEach(left.map(i => keys[i]!));
            const places = finding instanceof Promise ? await finding : finding;
            left.forEach((index, i) => {
                const place = places[i]!;
                fullKeys[index] = typeof place === 'string' ? place : `\n${keys[index]!}`;
                if (typeof place !== 'string') failed.set(fullKeys[index], place);
            });
            left = left.filter((_, i) => typeof places[i] === 'string');
            if (left.length === 0) break;
            const ready = left.map(i => fullKeys[i]!);
            const errors = await perform(ready, left);
            left = left.filter(i => this.isMoved(errors.get(fullKeys[i]!)));
            for (const [fullKey, error] of errors) if (!(error instanceof TokenChanged)) failed.set(fullKey, error);
        }
        return { fullKeys, failed };
    }

    /** Whether the call has to be repeated: its key had a token that is not in use any more. */
    isMoved(error: unknown): boolean {
        if (!(error instanceof TokenChanged)) return false;
        this.known?.adopt(error);
        return true;
    }

    /**
     * Puts what was stored on every server out of reach.
     * @throws ConfigException NO_PREFIX
     */
    async clear(): Promise<void> {
        const { commands } = this.user;
        if (!this.isGuarded) throw noPrefix();
        await this.tokensOf(commands).clear();
    }

    /** No promise if all tokens are known: calls that are not awaited leave in the order in which they were made. */
    private resolveEach(keys: readonly string[]): (string | Error)[] | Promise<(string | Error)[]> {
        const places = keys.map(key => this.resolve(key));
        if (places.every(place => typeof place === 'string')) return places;
        return Promise.all(places.map(place => Promise.resolve(place).catch((error: unknown) => error as Error)));
    }

    private tokensOf(commands: Commands): NamespaceTokens {
        if (this.known?.commands === commands) return this.known;
        return (this.known = new NamespaceTokens(commands, this.user.options.prefix, this.onChange));
    }
}
