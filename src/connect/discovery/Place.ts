import type { ServerAddress } from '../../client/model/ServerAddress';

/** A server as a source finds it. The credential of the connection completes it. */
export interface Place extends Omit<ServerAddress, 'tls'> {
    readonly weight: number;
    readonly isTls: boolean;
}

/** The servers that a source has found. */
export interface FoundServers {
    readonly servers: readonly Place[];
    /** The version of the list, if the source counts its changes. */
    readonly version?: bigint | undefined;
}
