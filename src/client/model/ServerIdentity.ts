/** The names of the wire protocols. */
export type ProtocolName = 'binary' | 'meta';

/** The server of a connection, as it describes itself when the client connects. */
export interface ServerIdentity {
    /** The protocol of the connection. */
    readonly protocol: ProtocolName;
    /** The version of the server. */
    readonly version: string;
    /**
     * Whether a proxy or a managed endpoint answers. Several memcached processes may be behind it,
     * and the client does not see which one a key is on.
     */
    readonly isProxy: boolean;
}
