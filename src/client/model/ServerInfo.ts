/** A server of a client. */
export interface ServerInfo {
    readonly address: string;
    readonly host: string;
    readonly port: number;
    /**
     * Changes when a socket to the server opens or closes, and is unique among all servers of a
     * process. A CAS is valid in the epoch in which the server answered it: a restarted server
     * counts anew.
     */
    readonly epoch: number;
}
