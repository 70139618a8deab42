import type { Access } from './Access';
import type { ChangeRule } from './changeRules';
import type { FoundServers } from './Place';

/** The answer of a source to one lookup. It has at least one server or source. */
export interface SourceAnswer extends FoundServers {
    /** Further sources. Only the configuration and a Pip.Services discovery name some. */
    readonly sources?: readonly ServerSource[] | undefined;
}

/** A way to find servers: the configuration, DNS, a cluster endpoint, a Pip.Services discovery. */
export interface ServerSource {
    /** The name in messages and logs, without a login. */
    readonly name: string;
    /** A text that is equal only for sources with the same settings. It may hold a password. */
    readonly id: string;
    /** The interval of lookups if no option sets one, in ms. 0 = only at open. null = always that. */
    readonly defaultIntervalMs: number | null;
    /** Returns a new rule, which remembers the answers of this source. */
    createRule(): ChangeRule;
    /**
     * Looks up the servers. Rejects without a usable answer. It must settle soon after the signal
     * aborts, and ignore that signal only if it holds no socket.
     */
    lookUp(access: Access, signal: AbortSignal): Promise<SourceAnswer>;
}
