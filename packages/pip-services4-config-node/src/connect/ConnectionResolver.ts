import { ConfigParams, Descriptor, ReferenceException } from 'pip-services4-components-node';
import type { IConfigurable, IContext, IReferenceable, IReferences } from 'pip-services4-components-node';
import { ConnectionParams } from './ConnectionParams';
import type { IDiscovery } from './IDiscovery';

/**
 * A resolver of `connections.<name>.*`, or else `connection.*`. It looks up a connection with a
 * `discovery_key` in every referenced `*:discovery:*:*:*`. The keys of the result override those
 * beside the `discovery_key`. Without a reference to a discovery, it throws REF_ERROR.
 */
export class ConnectionResolver implements IConfigurable, IReferenceable {
    private readonly _connections: ConnectionParams[] = [];
    private _references: IReferences | null = null;

    public constructor(config?: ConfigParams | null, references?: IReferences | null) {
        if (config != null) this.configure(config);
        if (references != null) this.setReferences(references);
    }

    /** Adds connections. A second configuration keeps those of the first. */
    public configure(config: ConfigParams): void {
        this._connections.push(...ConnectionParams.manyFromConfig(config));
    }

    public setReferences(references: IReferences): void {
        this._references = references;
    }

    public getAll(): ConnectionParams[] {
        return [...this._connections];
    }

    public add(connection: ConnectionParams): void {
        this._connections.push(connection);
    }

    /**
     * Returns the first direct connection, else the first discovered one, else null.
     * @throws ReferenceException REF_ERROR
     */
    public async resolve(context: IContext | null): Promise<ConnectionParams | null> {
        const direct = this._connections.find(connection => !connection.useDiscovery());
        if (direct != null) return direct;
        for (const connection of this._connections) {
            const key = connection.getDiscoveryKey() as string;
            for (const discovery of this.discoveries(context)) {
                const found = await discovery.resolveOne(context, key);
                if (found != null) return merge(connection, found);
            }
        }
        return null;
    }

    /**
     * Returns the direct connections, then all discovered ones.
     * @throws ReferenceException REF_ERROR
     */
    public async resolveAll(context: IContext | null): Promise<ConnectionParams[]> {
        const resolved = this._connections.filter(connection => !connection.useDiscovery());
        for (const connection of this._connections.filter(one => one.useDiscovery())) {
            const key = connection.getDiscoveryKey() as string;
            for (const discovery of this.discoveries(context)) {
                const found = await discovery.resolveAll(context, key);
                resolved.push(...found.map(one => merge(connection, one)));
            }
        }
        return resolved;
    }

    /** Registers a connection that has a discovery key with every discovery. Ignores others. */
    public async register(context: IContext | null, connection: ConnectionParams): Promise<void> {
        const key = connection.getDiscoveryKey();
        if (key == null || this._references == null) return;
        for (const discovery of this._references.getOptional<IDiscovery>(ANY_DISCOVERY)) {
            await discovery.register(context, key, connection);
        }
        this._connections.push(connection);
    }

    private discoveries(context: IContext | null): IDiscovery[] {
        if (this._references == null) return [];
        const discoveries = this._references.getOptional<IDiscovery>(ANY_DISCOVERY);
        if (discoveries.length === 0) throw new ReferenceException(context, ANY_DISCOVERY);
        return discoveries;
    }
}

const ANY_DISCOVERY = new Descriptor('*', 'discovery', '*', '*', '*');

function merge(configured: ConnectionParams, discovered: ConnectionParams): ConnectionParams {
    return new ConnectionParams(ConfigParams.mergeConfigs(configured, discovered));
}
