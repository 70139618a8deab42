import type { IReferences } from 'pip-services4-components-node';
import { ConnectionResolver, type ConnectionParams } from 'pip-services4-config-node';
import type { AnyContext } from '../../component/ComponentLogger';
import { noConnection } from '../../component/errors';
import { TakeEachAnswer, type ChangeRule } from '../discovery/changeRules';
import type { ServerSource, SourceAnswer } from '../discovery/ServerSource';

/** A key in the referenced Pip.Services discoveries. An answer has servers, sources, or both. */
export class DiscoverySource implements ServerSource {
    readonly id: string;
    readonly name: string;
    readonly defaultIntervalMs = 0;

    /** @param read parses the connections that a discovery returns. Throws if one is invalid */
    constructor(
        private readonly connection: ConnectionParams,
        private readonly references: IReferences | null,
        private readonly context: AnyContext,
        private readonly read: (found: readonly ConnectionParams[]) => SourceAnswer,
    ) {
        this.id = JSON.stringify(connection);
        this.name = `discovery_key ${connection.getDiscoveryKey()}`;
    }

    createRule(): ChangeRule {
        return new TakeEachAnswer();
    }

    /** Looks up one key at a time. A lookup of all keys would hide a key without servers. */
    async lookUp(): Promise<SourceAnswer> {
        const resolver = new ConnectionResolver(null, this.references);
        resolver.add(this.connection);
        const found = await resolver.resolveAll(this.context as never);
        if (found.length === 0) throw noConnection(`discovery has none for ${this.name}`);
        return this.read(found);
    }
}
