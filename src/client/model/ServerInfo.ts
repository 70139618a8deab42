/** A server of a client. */
export interface ServerInfo {
    /** The name of the server in messages, logs and statistics. */
    readonly address: string;
    /** The host of its `ServerAddress`. */
    readonly host: string;
    /** The port of its `ServerAddress`. */
    readonly port: number;
    /**
     * A number that changes when a socket to the server opens or closes. Servers never share an
     * epoch. A CAS is valid in its epoch only. A restarted server gives the same CAS to other
     * items.
     */
    readonly epoch: number;
}
