import type { IContext } from 'pip-services4-components-node';
import type { ConnectionParams } from './ConnectionParams';

export interface IDiscovery {
    register(context: IContext | null, key: string, connection: ConnectionParams): Promise<ConnectionParams>;
    /** null for a key that nobody knows. */
    resolveOne(context: IContext | null, key: string): Promise<ConnectionParams | null>;
    /** Empty for a key that nobody knows. */
    resolveAll(context: IContext | null, key: string): Promise<ConnectionParams[]>;
}
