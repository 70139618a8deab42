import { ConfigParams } from 'pip-services4-components-node';
import { testProtocol } from './protocol';

export interface Server {
    readonly host?: string;
    readonly port: number;
}

export type Servers = Server | readonly Server[];

/** Configuration by key. A key without a dot names an option, as in `{ prefix: 'p:' }`. */
export type Settings = Record<string, unknown>;

/** Components have the default of an option, not its name, unless a run changes it. */
const OF_RUN: Settings = testProtocol === 'auto' ? {} : { protocol: testProtocol };

/**
 * Returns the configuration of a component: connections to the servers, the settings, and the
 * protocol of the run.
 */
export function configOf(servers: Servers, settings: Settings = {}): ConfigParams {
    const connections = [servers].flat().flatMap(({ host, port }: Server, i) => [
        [`connections.${i}.host`, host ?? '127.0.0.1'],
        [`connections.${i}.port`, port],
    ]);
    // A component without servers shares a connection, and with it the protocol.
    const ofRun = connections.length > 0 ? OF_RUN : {};
    const entries = Object.entries({ ...ofRun, ...settings }).map(([key, value]) => [
        key.includes('.') ? key : `options.${key}`,
        value,
    ]);
    return ConfigParams.fromTuples(...connections.flat(), ...entries.flat());
}
