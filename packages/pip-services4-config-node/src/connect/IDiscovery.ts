import type { IContext } from 'pip-services4-components-node';
import type { ConnectionParams } from './ConnectionParams';

/** A registry of connections by key. */
export interface IDiscovery {
    register(context: IContext | null, key: string, connection: ConnectionParams): Promise<ConnectionParams>;
    /** Returns null for an unknown key. */
    resolveOne(context: IContext | null, key: string): Promise<ConnectionParams | null>;
    /** Returns an empty list for an unknown key. */
    resolveAll(context: IContext | null, key: string): Promise<ConnectionParams[]>;
}
