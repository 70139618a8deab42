import type { ConfigParams, IContext, IReconfigurable } from 'pip-services4-components-node';
import { ConnectionParams } from './ConnectionParams';
import type { IDiscovery } from './IDiscovery';

/** A discovery with connections by key. Its configuration has `<key>.host`, `<key>.port`, …. */
export class MemoryDiscovery implements IDiscovery, IReconfigurable {
    private readonly _connections = new Map<string, ConnectionParams[]>();

    public constructor(config?: ConfigParams | null) {
        if (config != null) this.configure(config);
    }

    public configure(config: ConfigParams): void {
        this.readConnections(config);
    }

    /**
     * Replaces all connections. A key without a section below it (such as `descriptor`) is not a
     * connection.
     */
    public readConnections(config: ConfigParams): void {
        this._connections.clear();
        for (const key of config.getSectionNames()) {
            const connection = new ConnectionParams(config.getSection(key));
            if (connection.length() > 0) this._connections.set(key, [connection]);
        }
    }

    /** Adds a connection under `key`. */
    public register(_context: IContext | null, key: string, connection: ConnectionParams): Promise<ConnectionParams> {
        this._connections.set(key, [...(this._connections.get(key) ?? []), connection]);
        return Promise.resolve(connection);
    }

    public resolveOne(_context: IContext | null, key: string): Promise<ConnectionParams | null> {
        return Promise.resolve(this._connections.get(key)?.[0] ?? null);
    }

    public resolveAll(_context: IContext | null, key: string): Promise<ConnectionParams[]> {
        return Promise.resolve([...(this._connections.get(key) ?? [])]);
    }
}
