import type { Answer } from '../Memory';
import type { Command } from '../Command';

/** The server behind a connection, for both protocols. */
export interface BackEnd {
    readonly variant: Variant;
    readonly hasLogin: boolean;
    execute(command: Command, client: string): Answer;
    flush(): void;
    isLogin(username: string, password: string): boolean;
    /** Returns the statistics of a group, or null for an unknown group. */
    statistics(group: string): readonly (readonly [name: string, value: string])[] | null;
}

/**
 * Build and options of a memcached. `both` detects the protocol of each connection. `binary` is
 * `-B binary`, and `-S` with a login. `text` is `-B ascii`, and `-Y` with a login. `proxy` is
 * memcached's own proxy.
 */
export interface Variant {
    readonly speaks: 'both' | 'binary' | 'text' | 'proxy';
    readonly version: '1.5.16' | '1.6.18' | '1.6.45';
}

export const PLAIN: Variant = { speaks: 'both', version: '1.6.18' };

/** One protocol on one connection. */
export interface FrontEnd {
    readonly isBinary: boolean;
    /** Returns the length of the request at this offset, or 0 until all of it has arrived. */
    lengthOf(input: Buffer, at: number): number;
    /**
     * Executes a request and adds its replies.
     * @returns whether the connection stays open
     * @throws Error for a request that the client must not send
     */
    answer(request: Buffer, replies: Buffer[]): boolean;
    /** Returns whether the client can notice that this reply comes twice. */
    isNoticedTwice(reply: Buffer): boolean;
}
